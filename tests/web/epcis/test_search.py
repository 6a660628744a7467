"""Queries find what they ask for and nothing else, page by page, by index or along the order; events are made up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from litestar.testing import TestClient
from tests.ledger.documents import STANDARD_CONTEXT, day, document, of
from tests.web.conftest import Base, served

from vehiclenest.ledger import Book, prepare
from vehiclenest.web.epcis import search, terms
from vehiclenest.web.policy import Role

EVENTS = 120
CONTEXT = [STANDARD_CONTEXT, {"example": "http://example.com/ns#"}]
STEPS = ("shipping", "receiving", "storing")
ERROR = {"declarationTime": "2026-09-01T00:00:00Z", "reason": "incorrect_data"}


def made(number: int) -> dict[str, Any]:
    """Return an event; its time runs against its number."""
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "ADD" if number % 4 == 0 else "OBSERVE",
        "eventTime": f"2026-08-{31 - number // 5:02d}T{number % 24:02d}:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{number}"],
        "bizStep": STEPS[number % 3],
        "readPoint": {"id": f"urn:epc:id:sgln:0614141.00777.{number % 2}"},
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.A", "quantity": number, "uom": "KGM"}],
        "example:furnace": {"example:heat": number},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"http://example.com/po/{number // 10}"}],
    }
    if number % 10 == 0:
        report = {"type": "Temperature", "value": number / 10, "uom": "CEL", "deviceID": f"urn:epc:id:giai:4000001.{number}"}
        event["sensorElementList"] = [{"sensorReport": [report]}]
    return event


class Reader:
    """Somebody who may read."""

    def __init__(self, base: Base, role: Role = Role.AUDITOR) -> None:
        self.client = TestClient(base.app, base_url="http://testserver.local")
        self.headers = base.token(role)

    def get(self, path: str) -> Any:
        return self.client.get(path if path.startswith("/epcis") else f"/epcis{path}", headers=self.headers)

    def numbers(self, query: str, per_page: int = 1000) -> list[int]:
        """Return the numbers of the events that a query finds, over all its pages."""
        found: list[int] = []
        path = f"/epcis/events?{query}&perPage={per_page}"
        while path:
            answer = self.get(path)
            assert answer.status_code == 200, answer.text
            listed = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
            assert len(listed) <= per_page
            found += [int(one["eventID"][-12:]) for one in listed]
            link = answer.headers.get("link", "")
            path = link[1 : link.index(">")] if link else ""
            assert not path or path.startswith("/epcis/events?")
        return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    for base in served(tmp_path_factory.mktemp("search")):
        prepared = prepare(document(*(made(number) for number in range(EVENTS)), context=CONTEXT))
        with base.database.writing() as connection:
            assert prepared.enter(Book(connection)).stored == EVENTS
        yield base


@pytest.fixture
def reader(filled: Base) -> Reader:
    return Reader(filled)


ALL = range(EVENTS)
TIMES = {number: (31 - number // 5, number % 24) for number in ALL}
FOUND = {
    "eventType=ObjectEvent": ALL,
    "eventType=AggregationEvent|TransformationEvent": [],
    "EQ_bizStep=shipping": ALL[::3],
    "EQ_bizStep=https%3A%2F%2Fref.gs1.org%2Fcbv%2FBizStep-shipping": ALL[::3],
    "EQ_bizStep=urn:epcglobal:cbv:bizstep:receiving|shipping": [number for number in ALL if number % 3 < 2],
    "EQ_action=ADD": ALL[::4],
    "EQ_action=ADD&EQ_bizStep=shipping": ALL[::12],
    "EQ_readPoint=urn:epc:id:sgln:0614141.00777.1": ALL[1::2],
    "WD_readPoint=urn:epc:id:sgln:0614141.00777.1&EQ_bizStep=storing": ALL[5::6],
    "MATCH_epc=urn:epc:id:sgtin:0614141.107346.7": [7],
    "MATCH_epc=https%3A%2F%2Fid.gs1.org%2F01%2F10614141073464%2F21%2F7": [7],
    "MATCH_anyEPC=urn:epc:id:sgtin:0614141.107346.7|urn:epc:id:sgtin:0614141.107346.9": [7, 9],
    "MATCH_anyEPC=urn:epc:idpat:sgtin:0614141.107346.*": ALL,
    "MATCH_anyEPC=urn:epc:idpat:sgtin:0614141.*.*&EQ_action=ADD": ALL[::4],
    "MATCH_anyEPC=urn:epc:idpat:sgtin:9999999.*.*": [],
    "MATCH_parentID=urn:epc:id:sgtin:0614141.107346.7": [],
    "MATCH_inputEPC=urn:epc:id:sgtin:0614141.107346.7": [],
    "MATCH_epcClass=urn:epc:class:lgtin:4012345.012345.A&GE_quantity=100": ALL[100:],
    "EQ_quantity=5": [5],
    "GT_quantity_KGM=115&LE_quantity_KGM=118": [116, 117, 118],
    "GT_quantity_LTR=5": [],
    "GE_eventTime=2026-08-31T01:00:00Z&LT_eventTime=2026-08-31T03:00:00Z": [1, 2],
    "GE_eventTime=2026-08-31T02:00:00%2B01:00&LT_eventTime=2026-08-31T03:00:00Z": [1, 2],
    "LT_recordTime=2020-01-01T00:00:00Z": [],
    "GE_recordTime=2020-01-01T00:00:00Z&EQ_action=ADD": ALL[::4],
    "EQ_eventID=urn:uuid:00000000-0000-4000-8000-000000000042": [42],
    "EQ_type=Temperature": ALL[::10],
    "EQ_type=gs1:Temperature&GE_value_CEL=10": [100, 110],
    "EQ_deviceID=urn:epc:id:giai:4000001.30": [30],
    "EXISTS_sensorElementList=true": ALL[::10],
    "EXISTS_errorDeclaration=true": [],
    "EXISTS_errorDeclaration=false": ALL,
    "EQ_bizTransaction_po=http%3A%2F%2Fexample.com%2Fpo%2F3": ALL[30:40],
    "EQ_bizTransaction_inv=http%3A%2F%2Fexample.com%2Fpo%2F3": [],
    "EXISTS_example:furnace": None,
    "EQ_INNER_example:heat=17": [17],
    "EQ_INNER_http%3A%2F%2Fexample.com%2Fns%23heat=17": [17],
    "GE_INNER_example:heat=118": [118, 119],
    "EQ_example:heat=17": [],
}


@pytest.mark.parametrize("query", FOUND)
@pytest.mark.parametrize("order", ["", "&orderBy=eventTime", "&orderBy=recordTime&orderDirection=ASC"])
def test_a_query_finds_what_it_asks_for(reader: Reader, query: str, order: str) -> None:
    expected = ALL if FOUND[query] is None else FOUND[query]
    asked = query if "=" in query else f"{query}="
    assert sorted(reader.numbers(asked + order)) == [*(expected or [])]


@pytest.mark.parametrize("per_page", [1, 7, 50])
@pytest.mark.parametrize("narrow", [search.NARROW, 0])
@pytest.mark.parametrize("query", ["", "EQ_bizStep=storing", "MATCH_anyEPC=urn:epc:idpat:sgtin:0614141.*.*", "EQ_action=ADD"])
@pytest.mark.parametrize("order", ["", "orderBy=eventTime&orderDirection=ASC", "orderBy=eventTime"])
def test_pages_hold_each_event_once_and_in_order(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, query: str, order: str, narrow: int, per_page: int
) -> None:
    monkeypatch.setattr(search, "NARROW", narrow)
    monkeypatch.setattr(search, "_AT_ONCE", 10)
    monkeypatch.setattr(search, "MOST_READ", 30)  # a page that the bound ends goes on in the next
    found = reader.numbers(f"{query}&{order}", per_page)
    asked = {"": ALL, "EQ_bizStep=storing": ALL[2::3], "EQ_action=ADD": ALL[::4]}.get(query, ALL)
    assert sorted(found) == [*asked]
    keys = [TIMES[number] if order else (number,) for number in found]
    assert keys == sorted(keys, reverse=order == "orderBy=eventTime")


def test_the_first_events_and_no_more(reader: Reader) -> None:
    every = reader.numbers("orderBy=eventTime")
    assert reader.numbers("orderBy=eventTime&eventCountLimit=17", per_page=5) == every[:17]
    assert reader.numbers("orderBy=eventTime&eventCountLimit=0") == []


def test_more_than_somebody_takes_is_refused(reader: Reader) -> None:
    assert len(reader.numbers("EQ_bizStep=storing&maxEventCount=40")) == 40
    answer = reader.get("/events?EQ_bizStep=storing&maxEventCount=39")
    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:QueryTooLargeException"


@pytest.mark.parametrize(
    "query",
    [
        "EQ_nothing=1", "perPage=0", "perPage=x", "nextPageToken=abc", "nextPageToken=WzEsMl0", "orderBy=colour", "orderDirection=UP",
        "eventCountLimit=5", "orderBy=eventTime&eventCountLimit=5&maxEventCount=6", "GE_eventTime=yesterday",
        "GE_eventTime=2026-01-01T00:00:00", "GT_quantity=much", "EXISTS_errorDeclaration=perhaps", "EQ_bizStep=", "EQ_bizStep=a||b",
        "EQ_action=ADD&EQ_action=OBSERVE", "MATCH_epc=urn:epc:idpat:sgtin:0614141.[1-5].*", "MATCH_epc=urn:epc:idpat:sgtin:*.1.*",
        "EQ_value_CEL=%00", "EQ_bizStep=%00",
    ],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(reader: Reader, query: str) -> None:
    answer = reader.get(f"/events?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "epcisException:QueryParameterException"


def test_attributes_of_xml_are_not_read(reader: Reader) -> None:
    assert reader.get("/events?HASATTR_example:a=b").status_code == 501


def test_a_long_address_is_refused(reader: Reader) -> None:
    answer = reader.get("/events?EQ_bizStep=" + "a" * 17_000)
    assert (answer.status_code, answer.json()["type"]) == (414, "epcisException:URITooLongException")


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("accept", "text/turtle", 406), ("accept", "application/ld+json", 200), ("accept", "text/html, */*;q=0.1", 200),
        ("gs1-epcis-min", "2.1", 406), ("gs1-epcis-max", "1.2", 406), ("gs1-epcis-max", "2", 200), ("gs1-cbv-min", "x", 406),
        ("gs1-epc-format", "Always_EPC_URN", 406), ("gs1-epc-format", "No_Preference", 200),
    ],
)  # fmt: skip
def test_what_both_sides_speak_is_agreed_on(reader: Reader, header: str, value: str, status: int) -> None:
    answer = reader.client.get("/epcis/events?perPage=1", headers=reader.headers | {header: value})
    assert answer.status_code == status, answer.text


def test_names_are_listed_once_page_by_page(reader: Reader) -> None:
    for path, least in (("/epcs", EVENTS), ("/bizSteps", 41), ("/readPoints", 2), ("/eventTypes", 5)):
        found: list[str] = []
        following = f"/epcis{path}?perPage=7"
        while following:
            answer = reader.get(following)
            found += answer.json()["member"]
            link = answer.headers.get("link", "")
            following = link[1 : link.index(">")] if link else ""
        assert len(found) == len(set(found)) >= least, path
        for name in found[:3]:
            assert reader.get(f"{path}/{quote(name, safe='')}").json()["member"] == ["events"]


def test_the_events_of_a_place_by_its_path(reader: Reader) -> None:
    place = quote("https://id.gs1.org/414/0614141007776/254/1", safe="")
    answer = reader.get(f"/readPoints/{place}/events?EQ_bizStep=storing&perPage=100")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == len(ALL[5::6])
    assert reader.get(f"/readPoints/{place}/events?EQ_readPoint=x:y").status_code == 400


def test_lots_of_the_base_are_things_too(tmp_path: Path) -> None:
    for base in served(tmp_path):
        with base.database.writing() as connection:
            assert prepare(of(*day())).enter(Book(connection)).stored == len(day())
        reader = Reader(base)
        things = reader.get("/epcs?perPage=100").json()["member"]
        assert things
        for thing in things:
            events = reader.get(f"/epcs/{quote(thing, safe='')}/events").json()
            assert events["epcisBody"]["queryResults"]["resultsBody"]["eventList"], thing


def test_a_declaration_is_found_by_the_id_of_its_event(tmp_path: Path) -> None:
    for base in served(tmp_path):
        writer = Reader(base, Role.ADMIN)
        headers = writer.headers | {"content-type": "application/json"}
        event = made(3) | {"@context": CONTEXT}
        assert writer.client.post("/epcis/events", content=orjson.dumps(event), headers=headers).status_code == 201
        again = writer.client.post("/epcis/events", content=orjson.dumps(event), headers=headers)
        assert (again.status_code, again.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
        declared = orjson.dumps(event | {"errorDeclaration": ERROR})
        assert writer.client.post("/epcis/events", content=declared, headers=headers).status_code == 201
        assert writer.numbers(f"EQ_eventID={event['eventID']}") == [3, 3]
        assert writer.numbers("EXISTS_errorDeclaration=true&EQ_errorReason=incorrect_data") == [3]
        assert writer.numbers("GE_errorDeclarationTime=2026-09-01T00:00:00Z") == [3]
        assert writer.numbers("LT_errorDeclarationTime=2026-09-01T00:00:00Z") == []


def test_the_index_is_read_in_steps_and_never_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for base in served(tmp_path):
        monkeypatch.setattr(terms, "AT_ONCE", 50)
        prepared = prepare(document(*(made(number) for number in range(EVENTS)), context=CONTEXT))
        with base.database.writing() as connection:
            prepared.enter(Book(connection))
            assert [terms.catch_up(connection) for _ in range(4)] == [50, 50, 20, 0]
        monkeypatch.setattr(terms, "MOST_STEPS", 0)
        assert len(Reader(base).numbers("EQ_bizStep=storing")) == EVENTS // 3
        with base.database.writing() as connection:
            one = made(3) | {"bizStep": "loading"}
            assert prepare(document(one, context=CONTEXT)).enter(Book(connection)).stored == 1
        answer = Reader(base).get("/bizSteps")
        assert (answer.status_code, answer.json()["type"]) == (503, "epcisException:ImplementationException")
