"""An event → the entry that the book keeps: its bytes, its identity, and every row that follows from them.

This is the only place that derives rows. Capture writes them, verification derives them again from the bytes and compares.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

import orjson

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import parse_epc
from vehiclenest.core.time import format_time
from vehiclenest.ledger.closure import close
from vehiclenest.ledger.conformance import Context
from vehiclenest.ledger.epcis import CONTEXT, OURS, to_epcis
from vehiclenest.ledger.event_hash import event_hash
from vehiclenest.ledger.model import NAMESPACE, PREFIX, Event, Flow

FLOWS = tuple(Flow)  # the code of a flow in the tables is its place here
CODES = {flow: code for code, flow in enumerate(FLOWS)}
THING, PARENT, CHILD, INPUT, OUTPUT, TRANSFORMATION = range(6)  # roles of a mentioned identifier

CLASS = "urn:epc:class:"  # what the URI of a quantity starts with, which may be added to

_LONG = 2048  # bytes from which a body is compressed: below it the effort is more than the gain
_LONGEST_IDENTIFIER = 512
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = (("epcList", THING), ("childEPCs", CHILD), ("inputEPCList", INPUT), ("outputEPCList", OUTPUT))
_COUNTED = (
    ("quantityList", THING),
    ("childQuantityList", CHILD),
    ("inputQuantityList", INPUT),
    ("outputQuantityList", OUTPUT),
)

LotRow = tuple[str, str, str, str]  # URI, kind, name, stream
FlowRow = tuple[
    str | None, int, float, str | None, str | None, int | None, float | None
]  # lot, code, kg, route, reason, value, carbon


class Entry(NamedTuple):
    """What the book keeps of one event.

    `identity` is the CBV event hash, or for an error declaration the hash of that and of what it declares; `declared` is then the hash
    of the event in error. Times are microseconds since 1970 UTC. `own` says whether it carries fields of our namespace. `mentions` are
    identifiers that no material flow names.
    """

    identity: bytes
    event_id: str | None
    type: str
    event_time: int
    record_time: int
    biz_step: str
    body: bytes
    context: bytes | None = None
    declared: bytes | None = None
    own: bool = False
    lots: Sequence[LotRow] = ()
    flows: Sequence[FlowRow] = ()
    mixtures: Sequence[tuple[int, str, float]] = ()
    information: Sequence[tuple[str, str]] = ()
    mentions: Sequence[tuple[str, int]] = ()

    @property
    def name(self) -> str:
        """What a message calls the event."""
        return self.biz_step or self.type


def microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970 UTC, as the tables keep it."""
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(time: int) -> datetime:
    """Return the time of so many microseconds since 1970 UTC."""
    return datetime.fromtimestamp(time / 1e6, UTC)


def hash_id(identity: bytes) -> str:
    """Return the event hash id (CBV 2.0) of an identity."""
    return f"ni:///sha-256;{identity.hex()}?ver=CBV2.0"


def pack(body: bytes) -> bytes:
    """Return the bytes that are stored for a body."""
    return zlib.compress(body, 1) if len(body) >= _LONG else body


def unpack(stored: bytes) -> bytes:
    """Return the JSON of stored bytes."""
    return stored if stored[:1] == b"{" else zlib.decompress(stored)


def entry_of(event: Event, recorded: datetime) -> Entry:
    """Return the entry of an event of ours; what it leaves open is booked as `unaccounted`.

    Raises
    ------
    ClosureError, InputError
        Where its mass does not close.
    """
    closed = close(event)
    ours_at_all = event.lots or event.material or event.energy or event.money or event.information
    document = to_epcis(closed)
    return _entry(closed if ours_at_all else None, document, OURS, recorded, document["eventID"])


def entry_of_document(document: Mapping[str, Any], context: Context, recorded: datetime) -> Entry:
    """Return the entry of a captured event.

    Parameters
    ----------
    document
        The event as JSON, checked (`conformance`).
    context
        What holds for it: `check` returns it with the event, `context_of` for an event of the ledger.
    recorded
        When it is captured.

    Raises
    ------
    ClosureError, InputError
        Where it carries our flows and they are wrong.
    """
    own = ours(document, context.declared) if any(_with_prefix(document, prefix) for prefix in _our_prefixes(context)) else None
    event = None
    if own is not None:
        from vehiclenest.ledger.reading import from_epcis  # foreign events should not wait for pydantic

        event = close(from_epcis(own))
    return _entry(event, document, context, recorded, event_hash(document, context))


@lru_cache(maxsize=256)
def _our_prefixes(context: Context) -> tuple[str, ...]:
    return tuple(name for name, space in context.prefixes.items() if space == NAMESPACE)


def _with_prefix(document: Mapping[str, Any], prefix: str) -> bool:
    return any(key.startswith(prefix + ":") for key in document)


@lru_cache(maxsize=256)
def _around(context: Context) -> bytes | None:
    """Return what has to be kept of a context, as JSON: what the ledger's own does not say."""
    more = [part for part in context.declared if part not in CONTEXT]
    return orjson.dumps(more) if more else None


@lru_cache(maxsize=16)
def _record_time(recorded: datetime) -> tuple[str, int]:
    """Return a time of capture as the body and the tables say it."""
    return format_time(recorded), microseconds(recorded) // 1000 * 1000


def _entry(event: Event | None, document: Mapping[str, Any], context: Context, recorded: datetime, computed: str) -> Entry:
    identity = bytes.fromhex(computed.partition(";")[2][:64])
    event_id = document.get("eventID")
    declaration = document.get("errorDeclaration")
    declared = None
    if declaration is not None:
        declared = identity
        identity = hashlib.sha256(identity + orjson.dumps(declaration, option=orjson.OPT_SORT_KEYS)).digest()
    record_time, record_microseconds = _record_time(recorded)
    around = _around(context)
    if around is not None and "@context" in document:  # what the event declares itself stays with it
        own = parts_of(document["@context"])
        outer = [part for part in orjson.loads(around) if part not in own]
        around = orjson.dumps(outer) if outer else None
    head = (
        identity,
        None if event_id == computed else event_id,
        str(document["type"]),
        microseconds(event.time if event else datetime.fromisoformat(document["eventTime"])),
        record_microseconds,
        str(document.get("bizStep", "")),
        pack(orjson.dumps({**document, "recordTime": record_time})),
        around,
        declared,
    )
    if event is None or declared is not None:
        named = _mentions(document, frozenset())
        if declared is not None:  # it is about these things and makes nothing of them
            named = ((uri, THING) for uri, _ in named)
        return Entry(*head, own=event is not None, mentions=list(dict.fromkeys(named)))
    flows = [_flow(flow) for flow in event.material]
    mentions = dict.fromkeys(_mentions(document, frozenset(flow[0] for flow in flows if flow[0] is not None)))
    return Entry(
        *head,
        own=True,
        lots=[(lot.id, lot.kind, lot.name, lot.stream) for lot in event.lots],
        flows=flows,
        mixtures=[
            (position, material, kg)
            for position, flow in enumerate(event.material)
            if flow.lot is not None and is_class(flow.lot)
            for material, kg in flow.materials.items()
        ],
        information=[(flow.kind, flow.reference) for flow in event.information],
        mentions=list(mentions),
    )


def _flow(flow: Any) -> FlowRow:
    value = None if flow.value is None else int(flow.value.scaleb(4))
    return flow.lot, CODES[flow.flow], flow.mass_kg, flow.route, flow.reason, value, flow.carbon_kg


def is_class(uri: str) -> bool:
    """Return whether a lot is a quantity that may be added to, and not one thing."""
    return uri.startswith(CLASS)


def ours(document: Mapping[str, Any], context: Sequence[Any] = ()) -> Mapping[str, Any] | None:
    """Return an event with our fields under our prefix, or None where it carries none of them.

    `context` is what holds for it beside the ledger's own, outermost first; an inner declaration hides an outer one.
    """
    spaces: dict[str, Any] = {}
    for part in (*CONTEXT, *context, *parts_of(document.get("@context", ()))):
        if isinstance(part, dict):
            spaces.update(cast("dict[str, Any]", part))
    for prefix, space in spaces.items():
        if space != NAMESPACE or not _with_prefix(document, prefix):
            continue
        return document if prefix == PREFIX else cast("dict[str, Any]", _renamed(document, prefix + ":"))
    return None


def parts_of(context: Any) -> Sequence[Any]:
    """Return the parts of a JSON-LD context, which may be one or a list."""
    return cast("Sequence[Any]", context) if isinstance(context, list | tuple) else (context,)


def context_of(stored: bytes | None) -> Context:
    """Return the context of an event of the ledger."""
    return OURS if stored is None else OURS.within(orjson.loads(stored))


def _renamed(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {
            (f"{PREFIX}:{key.removeprefix(prefix)}" if key.startswith(prefix) else key): _renamed(item, prefix)
            for key, item in pairs
        }
    return [_renamed(item, prefix) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _mentions(document: Mapping[str, Any], known: frozenset[str]) -> Iterator[tuple[str, int]]:
    for key, role in _NAMED:
        for uri in document.get(key, ()):
            if uri not in known:
                yield identifier(uri), role
    for key, role in _COUNTED:
        for quantity in document.get(key, ()):
            if quantity["epcClass"] not in known:
                yield identifier(quantity["epcClass"]), role
    if (parent := document.get("parentID")) and parent not in known:
        yield identifier(parent), PARENT
    if transformation := document.get("transformationID"):
        yield identifier(transformation), TRANSFORMATION


def identifier(uri: str) -> str:
    """Return the name under which an identifier is kept: EPC URN for a GS1 Digital Link, itself for anything else.

    Raises
    ------
    InputError
        Where it is longer than the tables can hold.
    """
    if len(uri) > _LONGEST_IDENTIFIER:
        raise InputError(f"an identifier of {len(uri)} characters", expected=f"at most {_LONGEST_IDENTIFIER}")
    return uri if uri.startswith("urn:") else _canonical(uri)


@lru_cache(maxsize=65_536)
def _canonical(uri: str) -> str:
    try:
        return parse_epc(uri).urn()
    except InputError:
        return uri


def split(uri: str) -> tuple[str, str]:
    """Return what many identifiers start with, and what a person types: the part behind the company prefix."""
    start = (uri.find(".", uri.rfind(":")) if uri.startswith("urn:epc:") else uri.rfind("/")) + 1
    return uri[:start], uri[start:]
