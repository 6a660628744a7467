"""Pages that stand alone: Plotly's script in the page itself, and a content security policy that names every script by its hash.

Such a page fetches nothing, runs nothing but what it was written with, and can be kept and sent as it is.
"""

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256


@cache
def plotly_script() -> str:
    """Return Plotly's own script, as a page can hold it."""
    from plotly.offline import get_plotlyjs

    # A page's parser makes \n of \r\n before it hashes, and ends the script at its closing tag wherever that stands.
    return str(get_plotlyjs()).replace("\r\n", "\n").replace("</script", r"<\/script")


def script_hash(script: str) -> str:
    """Return how a content security policy names a script."""
    return f"'sha256-{b64encode(sha256(script.encode('utf-8')).digest()).decode()}'"


def security_policy(scripts: Iterable[str]) -> str:
    """Return the content security policy of a page that runs these scripts and fetches nothing."""
    return "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src " + " ".join(map(script_hash, scripts))
