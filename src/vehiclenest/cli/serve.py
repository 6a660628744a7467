"""`vnest serve`: the base in a browser."""

from pathlib import Path

import click

from vehiclenest.cli.options import FILE, database
from vehiclenest.core.errors import InputError


@click.command(epilog="Example: vnest serve --db sqlite:///base.db --contest spring --port 8000")
@database
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for other machines too.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer requests.")
@click.option("--place", type=click.Choice(["cn", "eu"]), default="cn", show_default=True, help="Whose rules hold.")
@click.option("--site", type=FILE, metavar="DIR", help="Folder of the site's own TOML files (see vnest settings).")
@click.option(
    "--contest", type=FILE, envvar="VNEST_CONTEST", metavar="DIR", help="Folder of a contest to serve too (vnest contest new)."
)
@click.option("--secure", is_flag=True, help="Browsers come by HTTPS, through a proxy: cookies are sent by nothing else.")
@click.option(
    "--requests-per-minute",
    type=click.IntRange(1),
    default=6000,
    show_default=True,
    help="What one address may ask, by each worker.",
)
def serve(
    db: str,
    host: str,
    port: int,
    workers: int,
    place: str,
    site: Path | None,
    contest: Path | None,
    secure: bool,
    requests_per_minute: int,
) -> None:
    """Open the base in a browser: people and their roles, the audit log, and the contest with live judging.

    The first start creates the user admin and prints a password that serves once. Background work runs in a process of its own and
    goes on after a restart.
    """
    try:
        from vehiclenest.web import Configuration
        from vehiclenest.web.serve import serve as serve_base
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vehiclenest"):
            raise
        raise InputError(f"{error.name} is not installed", expected="pip install 'vehiclenest[web]'") from None
    configuration = Configuration(db, place, site, secure, requests_per_minute=requests_per_minute, contest=contest)
    serve_base(configuration, host, port, workers, click.echo)
