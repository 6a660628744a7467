"""The figures that a base reckons with, changed by page: a history of who changed what when and why, tried out before it holds.

The table `web_setting` only grows: a change, and an undo as well, is a new version. What holds is written as a folder of TOML files
(`site.versions`), made again where it is missing.
"""

import hashlib
import math
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from vehiclenest.core.constants import Constant, load_table
from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, VehicleNestError, Where
from vehiclenest.ledger import Ledger
from vehiclenest.site import Settings, bundled, example_manifest, run
from vehiclenest.site.versions import versions_folder, write_version
from vehiclenest.web import tables
from vehiclenest.web.database import Database, now
from vehiclenest.web.policy import Principal

_SHARES = frozenset({"kg/kg", "mol/mol"})  # units of shares of a whole
_LONGEST_REASON = 400
_LISTED = 100
Values = dict[str, float]


def current(database: Database, settings: Settings) -> Settings:
    """Return the settings that hold now: those that the server was started with, and what was changed by page over them."""
    with database.reading() as connection:
        version = connection.execute(select(func.max(tables.setting.c.id))).scalar()
        if version is None:
            return settings
        target = versions_folder(database.ledger) / f"{version:06d}{_mark(settings.folder)}"
        if not target.is_dir():
            write_version(target, settings.folder, _by_table(values_at(connection, version)))
    return Settings(settings.place, target)


def values_at(connection: Connection, version: int) -> Values:
    """Return what is changed in a version, by table.row.number."""
    setting = tables.setting
    query = select(setting.c.name, setting.c.value).where(setting.c.id <= version).order_by(setting.c.id)
    found = {name: value["new"] for name, value in connection.execute(query).all()}
    return {name: value for name, value in found.items() if value is not None}


def constant_of(name: str, settings: Settings) -> Constant:
    """Return a figure by table.row.number; raise `NotFoundError` where there is none."""
    table, _, rest = name.partition(".")
    path = bundled.tables().get(table)
    if path is not None:
        loaded = load_table(path, settings.folder)
        for row in loaded:
            key = rest.removeprefix(f"{row}.")
            if rest.startswith(f"{row}.") and key in loaded[row]:
                return loaded[row][key]
    raise NotFoundError(f"there is no figure {name[:100]}")


def change(
    database: Database,
    connection: Connection,
    principal: Principal,
    started: Settings,
    name: str,
    text: str,
    was: str,
    reason: str,
) -> tuple[float, float]:
    """Change a figure from the next use on; return the old and the new value.

    Raises
    ------
    InputError
        For a value that cannot be one, or that the base cannot work with, and for no reason.
    ConflictError
        Where somebody changed the figure meanwhile.
    """
    constant = constant_of(name, current(database, started))
    value = _number(text, constant)
    if was != f"{constant.value:.12g}":
        raise ConflictError(f"{name} is {constant.value:g} meanwhile", expected="look at it again, then change it")
    if not reason.strip():
        raise InputError("no reason is given", expected="why the figure changes", where=Where(field="reason"))
    if value == constant.value:
        raise InputError(f"{name} is {value:g} already", expected="another value", where=Where(field="value"))
    version = connection.execute(select(func.coalesce(func.max(tables.setting.c.id), 0))).scalar_one()
    _try_out(started, values_at(connection, version) | {name: value})
    _add(connection, principal, name, constant.value, value, reason)
    return constant.value, value


def go_back(database: Database, connection: Connection, principal: Principal, started: Settings, version: int) -> int:
    """Bring back the figures of an earlier version, 0 for those before any change; return how many change by that."""
    newest = connection.execute(select(func.coalesce(func.max(tables.setting.c.id), 0))).scalar_one()
    if version and not connection.execute(select(tables.setting.c.id).where(tables.setting.c.id == version)).first():
        raise NotFoundError(f"there is no version {version} of the settings")
    wanted, held = values_at(connection, version), values_at(connection, newest)
    names = sorted(name for name in wanted | held if wanted.get(name) != held.get(name))
    if not names:
        raise ConflictError("these figures hold already", expected="a version that differs")
    _try_out(started, wanted)
    before = current(database, started)
    for name in names:
        _add(connection, principal, name, constant_of(name, before).value, wanted.get(name), f"back to version {version}")
    return len(names)


def history(connection: Connection, name: str = "") -> Sequence[Any]:
    """Return the newest changes, of one figure or of all: id, name, value (old, new), reason, time, user_name."""
    setting, user = tables.setting, tables.user
    columns = (setting.c.id, setting.c.name, setting.c.value, setting.c.reason, setting.c.time, user.c.name.label("user_name"))
    query = select(*columns).join_from(setting, user, user.c.id == setting.c.user_id).order_by(setting.c.id.desc()).limit(_LISTED)
    return connection.execute(query.where(setting.c.name == name) if name else query).all()


def _number(text: str, constant: Constant) -> float:
    where = Where(field="value")
    try:
        value = float(text.strip())
    except ValueError:
        raise InputError(f"{text[:40]!r} is no number", expected=f"a number in {constant.unit}", where=where) from None
    if not math.isfinite(value):
        raise InputError(f"{text[:40]!r} is no finite number", expected=f"a number in {constant.unit}", where=where)
    if constant.unit in _SHARES and not 0 <= value <= 1:
        raise InputError(f"{value:g} is no share", expected="0 to 1", where=where)
    if constant.value >= 0 > value:
        raise InputError(f"{value:g} is below zero", expected="a number of the same sign as before", where=where)
    return value


def _try_out(started: Settings, values: Values) -> None:
    """Work the 60 vehicles of the bundled manifest with the figures, into a ledger that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="vnest-") as name:
        folder = Path(name) / hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
        write_version(folder, started.folder, _by_table(values))
        settings = Settings(started.place, folder)
        try:
            for path in bundled.tables().values():
                load_table(path, folder)
            with example_manifest() as manifest, Ledger(f"sqlite:///{name}/trial.db") as ledger:
                result = run([manifest], ledger, settings, datetime.now(UTC), _silent, None)
        except VehicleNestError as error:
            raise InputError(
                f"the base cannot work with it: {error.what}", expected=error.expected, where=Where(field="value")
            ) from None
        except Exception as error:  # noqa: BLE001  # a figure may break any formula that uses it
            raise InputError(
                f"the base cannot work with it: {type(error).__name__}",
                expected="a value that the day of 60 vehicles bears",
                where=Where(field="value"),
            ) from None
        if not result.vehicles:
            raise InputError(
                "the base cannot work with it: every vehicle is refused", expected="another", where=Where(field="value")
            )


def _add(connection: Connection, principal: Principal, name: str, old: float, new: float | None, reason: str) -> None:
    row = {"name": name, "value": {"old": old, "new": new}, "reason": reason.strip()[:_LONGEST_REASON]}
    connection.execute(insert(tables.setting).values(row | {"user_id": principal.user_id, "time": now()}))


def _by_table(values: Values) -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    found: defaultdict[str, defaultdict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for name, value in values.items():
        table, _, rest = name.partition(".")
        row, _, key = rest.rpartition(".")
        found[table][row][key] = value
    return found


@lru_cache(maxsize=8)
def _mark(folder: Path | None) -> str:
    """Return what tells versions over one site's files from those over another's."""
    if folder is None:
        return ""
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.toml"))]
    return "-" + hashlib.sha256(repr(files).encode()).hexdigest()[:8]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""
