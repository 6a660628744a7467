"""The database behind the ledger: how it is opened, locked and brought to the newest schema.

SQLite runs in WAL mode with synchronous FULL, so that what was acknowledged survives a crash. A writing transaction starts with BEGIN
IMMEDIATE: a deferred one that turns to writing later fails at once and heeds no timeout.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.sql.visitors import InternalTraversal

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, VehicleNestError

HEAD = "0003"  # newest migration; a test holds it against the folder
BUSY_TIMEOUT_SECONDS = 120
_VARIABLES = 500
_INSERTED, _COUNTED = (
    "vnest_inserted",
    "vnest_counted",
)  # rows inserted over a connection to PostgreSQL, in all and when it counted
_MANY_ROWS = 10_000
_CACHE_KIB = 262_144
_WRITER = 0x766E657374  # the advisory lock of whoever writes on PostgreSQL: "vnest"
# The row store is asked for single things: to compile a query, to plan it anew for its values, or to read a table to join a few
# rows, costs more than it saves.
_SINGLE_THINGS = "-c jit=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan"

Value = TypeVar("Value")


def connect(url: str, *, create: bool) -> Engine:
    """Open the database at a URL.

    Parameters
    ----------
    url
        SQLAlchemy URL, for example ``sqlite:///vnest.db``.
    create
        Whether a database or schema that is not there is made; a reader does not make one.

    Raises
    ------
    InputError
        For a URL that cannot be opened, or a file that is no ledger.
    NotFoundError
        Where there is no ledger yet and `create` is off.
    """
    shown = url
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        shown = parsed.render_as_string(hide_password=True)
        arguments = {"options": _SINGLE_THINGS} if parsed.get_backend_name() == "postgresql" else {}
        engine = create_engine(parsed, connect_args=arguments)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
            raise InputError(f"{shown!r} needs psycopg", expected="pip install 'vehiclenest[postgres]'") from None
        raise InputError(f"{shown!r} is no database URL: {error}", expected="for example sqlite:///vnest.db") from None
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if engine.dialect.name == "sqlite" and file in {None, "", ":memory:"}:
        raise InputError(f"{shown} would forget everything at the end", expected="a file, for example sqlite:///vnest.db")
    if file and not create and not file.startswith("file:") and not Path(file).is_file():
        raise NotFoundError(f"there is no ledger at {shown}", expected="vnest run FILE first, or --db URL of another one")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_settings)
    try:
        _migrate(engine, create=create)
    except (OperationalError, DatabaseError) as error:
        engine.dispose()
        raise InputError(
            f"{url} cannot be opened: {error.orig}", expected="a Vehicle Nest ledger in a folder that can be written"
        ) from None
    except VehicleNestError:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """Hold a transaction that may write; it is committed at the end or undone whole.

    Raises
    ------
    ConflictError
        Where another writer holds the ledger for longer than the timeout.
    InputError
        Where the database cannot be written: read-only, full, damaged.
    """
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(text("BEGIN IMMEDIATE"))
            else:
                connection.execute(text(f"SET LOCAL lock_timeout = '{max(1, BUSY_TIMEOUT_SECONDS * 1000)}ms'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
    except (OperationalError, DatabaseError) as error:
        if "locked" in str(error.orig) or "lock timeout" in str(error.orig):
            raise ConflictError(
                f"another writer has held the ledger for {BUSY_TIMEOUT_SECONDS} s", expected="to try again when it has finished"
            ) from None
        url = engine.url.render_as_string(hide_password=True)
        raise InputError(f"{url} cannot be written: {error.orig}", expected="a database that can be written") from None


def _count_anew(connection: Connection, rows: int) -> None:
    """Let PostgreSQL count its tables each time they have doubled: by old counts it reads whole tables to find a single thing."""
    inserted = connection.info[_INSERTED] = connection.info.get(_INSERTED, 0) + rows
    if inserted >= max(_MANY_ROWS, 2 * connection.info.get(_COUNTED, 0)):
        connection.execute(text("ANALYZE"))
        connection.info[_COUNTED] = inserted


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values stand in the order of the table's columns, past the costly treatment of rows one by one."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(str(insert(table).compile(connection.engine)), list(rows))
        return
    names = ", ".join(column.name for column in table.columns)
    driver: Any = connection.connection  # psycopg's own: COPY is no part of the common interface
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    _count_anew(connection, len(rows))


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values in pieces that fit into one IN (…): SQLite's old limit is 999 variables."""
    for start in range(0, len(values), _VARIABLES):
        yield values[start : start + _VARIABLES]


def whole_numbers(name: str) -> BindParameter[Any]:
    """Return a parameter that stands for a list of whole numbers of any length; see `Among`."""
    return bindparam(name, type_=JSON().with_variant(ARRAY(BigInteger), "postgresql"))


def texts(name: str) -> BindParameter[Any]:
    """Return a parameter that stands for a list of texts of any length; see `Among`."""
    return bindparam(name, type_=JSON().with_variant(ARRAY(String), "postgresql"))


class Among(ColumnElement[bool]):
    """The condition that a column is one of `whole_numbers` or `texts`.

    Its text stays the same whatever the length of the list, unlike that of IN (…): a server plans such a query once.
    """

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012  # declared so by SQLAlchemy
        ("of", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, of: ColumnElement[Any], values: BindParameter[Any]) -> None:
        self.of, self.values = of, values

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Return the condition itself: "… = 1", as SQLAlchemy writes for a database without booleans, would hide it from an index."""
        del against
        return self


@compiles(Among, "sqlite")
def _among_json(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    of, values = compiler.process(element.of, **options), compiler.process(element.values, **options)
    return f"{of} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # both were compiled, the values are a parameter


@compiles(Among, "postgresql")
def _among_array(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.of, **options)} = ANY({compiler.process(element.values, **options)})"


def _sqlite_settings(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver starts no transaction of its own accord
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(
        f"PRAGMA cache_size=-{_CACHE_KIB}"
    )  # a large capture otherwise writes the pages of its indexes again and again
    cursor.close()


def _migrate(engine: Engine, *, create: bool) -> None:
    version = version_of(engine, "alembic_version")
    if version == HEAD:
        return
    if version is None:
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
        if tables - {"alembic_version"}:
            raise InputError(f"{engine.url} holds tables of something else", expected="a Vehicle Nest ledger, or a new database")
        if not create:
            raise NotFoundError(
                f"there is no ledger at {engine.url}", expected="vnest run FILE first, or --db URL of another one"
            )
    upgrade(engine, Path(__file__).with_name("migrations"))


def version_of(engine: Engine, table: str) -> str | None:
    """Return the version that a chain of migrations has brought its tables to, kept in `table`; None before the first."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(table):
            return None
        version = Table(table, MetaData(), Column("version_num", String)).c.version_num
        return connection.execute(select(version)).scalar()


def upgrade(engine: Engine, migrations: Path) -> None:
    """Bring the tables of a folder of migrations to the newest version, in one writing transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
