"""Our rules beside GS1's JSON schema, on thousands of documents that somebody broke: what differs is listed with its reason."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import orjson
import pytest

from vehiclenest.ledger.conformance import Fault, check
from vehiclenest.ledger.event_hash import event_hash

Path_ = tuple[str | int, ...]
MUTANTS = 4_000
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "shipping", "urn:epc:id:sgtin:4012345.011111.9876", "urn:epc:class:lgtin:4054739.099914.2016",
    "https://id.gs1.org/01/04012345111118/21/9", "https://example.com/x", "ex:thing", "cbv:BizStep-shipping", "a b", "x:y z",
    "http://ns.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://gs1.org/voc/Temperature", "Temperature",
    "2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-13-01T00:00:00Z", "+01:00", "+15:00", "OBSERVE", "ADD", "DELETE", [], {}, [1],
    ["https://example.com/a"], {"id": "https://example.com/a"}, {"type": "x"}, "KGM", "kg", "f0", "%zz:a", "http://exa mple.com", "2.0",
    [["a"]], "owning_party", "po", "did_not_occur", "in_transit", "ALARM_CONDITION", "EPCISDocument", "ObjectEvent", "AssociationEvent",
    "https://example.com/MyEvent",
]  # fmt: skip
NAMES = [
    "foo", "example:new", "https://example.com/f", "undeclared:f", "epcList", "quantityList", "action", "ilmd", "parentID", "childEPCs",
    "bizStep", "type", "@context", "eventTime", "persistentDisposition", "transformationID", "sensorElementList", "errorDeclaration",
    "id", "uom", "rdfs:comment", "readPoint", "sensorReport", "a b", "comment",
]  # fmt: skip
STANDARD_TYPES = {"ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent"}
# Where we refuse what GS1's schema accepts, and why. The other way round there is nothing.
REASONS = {
    "JSON-LD 1.1 compact IRI": "a prefix that nobody declares means nothing; the schema takes any word with a colon for a URI",
    "JSON-LD 1.1 @context": "the schema looks at no @context inside users' fields",
    "GS1 EPC Tag Data Standard": "the schema takes any URI for an EPC, and a class of things for a thing",
    "GS1 Digital Link": "the same, for links under GS1's own domain",
    "EPCIS 2.0 QuantityElement": "a unit needs a quantity, a broken number a unit, and none is negative",
    "EPCIS 2.0 AggregationEvent": "parentID is needed to ADD and DELETE",
}


@pytest.fixture(scope="module")
def documents(data_folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(file.read_bytes()) for file in sorted((data_folder / "epcis/gs1").glob("*.jsonld"))]


@pytest.fixture(scope="module")
def schema(data_folder: Path) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(
        json.loads((data_folder / "epcis/EPCIS-JSON-Schema.json").read_text()), validate_formats=True
    )


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    if at:
        yield at
    for name, member in members(value):
        yield from places(member, (*at, name))


def members(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return [*cast("dict[str, Any]", value).items()]
    return [*enumerate(cast("list[Any]", value))] if isinstance(value, list) else []


def at_place(value: Any, place: Path_) -> Any:
    for name in place:
        value = value[name]
    return value


def mutant(source: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    document = copy.deepcopy(source)
    for _ in range(chance.choice([1, 1, 1, 2])):
        place = chance.choice(list(places(document)))
        around, name, value = at_place(document, place[:-1]), place[-1], at_place(document, place)
        match chance.randrange(6):
            case 0:
                del around[name]
            case 1 | 2:
                around[name] = copy.deepcopy(chance.choice(VALUES))
            case 3 if type(value) is dict:
                around[name][chance.choice(NAMES)] = copy.deepcopy(chance.choice(VALUES))
            case 4 if type(value) is list and value:
                around[name].append(copy.deepcopy(chance.choice(around[name])))
            case 5 if isinstance(name, str):
                around[chance.choice(NAMES)] = around.pop(name)
            case _:
                pass
        if not document:
            break
    return document


def resolve(pointer: str, document: Any) -> Any:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        document = dict(members(document))[int(name) if isinstance(document, list) else name]
    return document


def explained(fault: Fault, document: dict[str, Any]) -> bool:
    """Tell whether a fault that the schema does not know has a reason in the list, or stands in an event of a user's own type."""
    tokens = fault.pointer.split("/")
    if "eventList" in tokens[:-1]:
        event = resolve("/".join(tokens[: tokens.index("eventList") + 2]), document)
        if isinstance(event, dict) and dict(members(event)).get("type") not in STANDARD_TYPES:
            return True
    return fault.rule in REASONS


@pytest.mark.parametrize("seed", range(3))
def test_what_gs1s_schema_refuses_we_refuse_and_what_else_we_refuse_has_a_reason(
    documents: list[dict[str, Any]], schema: jsonschema_rs.Draft7Validator, seed: int
) -> None:
    chance = random.Random(seed)
    accepted = refused = 0
    for _ in range(MUTANTS):
        document = mutant(chance.choice(documents), chance)
        checked = check(orjson.dumps(document))
        if schema.is_valid(document):
            accepted += 1
            assert all(explained(fault, document) for fault in checked.faults), (checked.faults, document)
        else:
            refused += 1
            assert not checked.conforms, document
        for fault in checked.faults:
            resolve(fault.pointer, document)
        if checked.conforms:
            assert len({event_hash(one.event, one.context) for one in checked.events}) <= len(checked.events)
    assert min(accepted, refused) > MUTANTS / 5


def test_one_change_seldom_gives_more_than_one_fault(documents: list[dict[str, Any]]) -> None:
    """No cascade: a value of the wrong kind is told once, not once for every rule that it also breaks."""
    chance = random.Random(7)
    told: list[int] = []
    for _ in range(MUTANTS):
        document = copy.deepcopy(chance.choice(documents))
        place = chance.choice(list(places(document)))
        at_place(document, place[:-1])[place[-1]] = copy.deepcopy(chance.choice([5, None, "x", "a b"]))
        checked = check(orjson.dumps(document))
        told += [checked.total_faults] if checked.faults else []
    assert told.count(1) / len(told) > 0.98
    assert max(told) <= 3
