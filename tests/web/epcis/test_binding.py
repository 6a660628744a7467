"""The EPCIS interface as programs use it: GS1's documents in, and the 29 paths of GS1's OpenAPI, each answered or refused as it says."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from litestar.testing import TestClient
from tests.web.conftest import Base

from vehiclenest.web import jobs
from vehiclenest.web.kinds import KINDS
from vehiclenest.web.policy import Role

DATA = Path(os.environ.get("VNEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "epcis"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"GS1's documents are not at {DATA}")
SPECIFICATION: dict[str, Any] = json.loads((DATA / "openapi.json").read_text()) if DATA.is_dir() else {"paths": {}}
# Patterns of schedules are in a dialect of regular expressions that JSON Schema does not have.
SCHEMAS = {
    name: {key: value for key, value in schema.items() if key != "pattern" or not name.startswith("GS1-Query")}
    for name, schema in SPECIFICATION.get("components", {}).get("schemas", {}).items()
}
if SCHEMAS:  # "one of" two schemas that GS1's own example fits both: read as any of them
    _common, _errors = SCHEMAS["CaptureJob"]["allOf"]
    SCHEMAS["CaptureJob"] = {"allOf": [_common, {"anyOf": _errors["oneOf"]}]}
JSON = {"content-type": "application/json"}
METHODS = ("get", "post", "delete", "options")
QUERY = {"name": "shipped", "query": {"EQ_bizStep": ["shipping"], "eventType": ["ObjectEvent"]}}
# What stands in for a parameter of a path; all of it is in GS1's documents, or made before.
NAMED = {
    "captureID": "1", "eventType": "ObjectEvent", "bizStep": "shipping", "disposition": "in_transit", "queryName": "shipped",
    "epc": "urn:epc:id:sgtin:0614141.107346.2018", "bizLocation": "urn:epc:id:sgln:0614141.00888.0",
    "readPoint": "urn:epc:id:sgln:0012345.11111.400", "subscriptionID": "none", "token": "none",
}  # fmt: skip
# Subscriptions and the release of page tokens are refused: this is the status of each.
REFUSED = {
    ("post", "/queries/{queryName}/subscriptions"): 501,
    ("get", "/queries/{queryName}/subscriptions/{subscriptionID}"): 404,
    ("delete", "/queries/{queryName}/subscriptions/{subscriptionID}"): 404,
    ("delete", "/nextPageToken/{token}"): 501,
}
# GS1's schema says an array, its own example and its text one query.
_ODD = {("get", "/queries/{queryName}")}


class Program:
    """A program that has a token."""

    def __init__(self, base: Base, role: Role) -> None:
        self.base = base
        self.client = TestClient(base.app, base_url="http://testserver.local")
        self.headers = base.token(role) | JSON

    def ask(self, method: str, path: str, *, content: bytes | None = None, **headers: str) -> Any:
        return self.client.request(method, "/epcis" + path, content=content, headers=self.headers | headers)

    def work(self) -> None:
        """Do what waits in the background."""
        while running := jobs.claim(self.base.database, "test", self.base.application.settings):
            jobs.work(running, KINDS)


def documents() -> list[Path]:
    return sorted((DATA / "gs1").glob("*.jsonld"))


@pytest.fixture(scope="module")
def program(base: Base) -> Program:
    program = Program(base, Role.ADMIN)
    for path in documents():
        answer = program.ask("POST", "/capture", content=path.read_bytes())
        assert answer.status_code == 202, (path.name, answer.text)
        assert answer.headers["location"].startswith("/epcis/capture/")
    program.work()
    assert program.ask("POST", "/queries", content=json.dumps(QUERY).encode()).status_code == 201
    return program


def test_all_documents_of_gs1_are_captured(program: Program) -> None:
    assert len(documents()) == 47
    found = program.ask("GET", "/capture?perPage=100").json()
    assert len(found) == 47
    assert all(job["success"] and not job["running"] and job["errors"] == [] for job in found), found


def operations() -> list[tuple[str, str]]:
    return [(method, path) for path, item in SPECIFICATION["paths"].items() for method in METHODS if method in item]


def test_the_specification_has_29_paths() -> None:
    assert len(SPECIFICATION["paths"]) == 29


@pytest.mark.parametrize(("method", "path"), operations())
def test_every_path_is_answered_or_refused_as_specified(program: Program, method: str, path: str) -> None:
    if method == "delete" and path == "/queries/{queryName}":
        program.ask("POST", "/queries", content=json.dumps(QUERY | {"name": "gone"}).encode())
        answer = program.ask(method, "/queries/gone")
    else:
        filled = path.format_map({name: quote(value, safe="") for name, value in NAMED.items()} | {"eventID": event_id(program)})
        answer = program.ask(method, "" if filled == "/" else filled, content=content(path) if method == "post" else None)
    specified = SPECIFICATION["paths"][path][method]["responses"]
    expected = REFUSED.get((method, path)) or next(int(status) for status in specified if status.startswith("2"))
    assert answer.status_code == expected, answer.text
    conforms(answer, resolved(specified[str(expected)]) if str(expected) in specified else {}, odd=(method, path) in _ODD)
    assert answer.headers["gs1-epcis-version"] == "2.0.0"
    if expected >= 400:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["type"].startswith("epcisException:")
    if method == "options":
        allowed = resolved(specified["204"])["headers"]["Allow"]["schema"]["default"]
        assert set(answer.headers["allow"].split(", ")) == set(allowed.split(", "))


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path in operations() if "{" in path and "nextPageToken" not in path]
)
def test_what_is_not_there_is_not_found(program: Program, method: str, path: str) -> None:
    if method == "options":
        return
    filled = path.format_map(dict.fromkeys([*NAMED, "eventID"], "urn%3Anothing"))
    answer = program.ask(method, filled, content=b"{}" if method == "post" else None)
    assert answer.status_code == 404, answer.text
    conforms(answer, resolved(SPECIFICATION["paths"][path][method]["responses"]["404"]))


@pytest.mark.parametrize(("method", "path"), operations())
def test_nobody_comes_in_without_a_token(program: Program, method: str, path: str) -> None:
    answer = program.client.request(method, "/epcis" + path.replace("{", "").replace("}", "").rstrip("/"), headers=JSON)
    specified = SPECIFICATION["paths"][path][method]["responses"]
    assert answer.status_code in {401, 403}, answer.text
    if "401" in specified:
        conforms(answer, resolved(specified[str(answer.status_code)]))


@pytest.mark.parametrize(("method", "path"), operations())
def test_another_form_than_json_is_refused(program: Program, method: str, path: str) -> None:
    filled = "/epcis" + path.replace("{", "").replace("}", "").rstrip("/")
    answer = program.client.request(method, filled, headers=program.headers | {"accept": "application/xml"})
    assert answer.status_code == 406
    if "406" in SPECIFICATION["paths"][path][method]["responses"]:
        conforms(answer, resolved(SPECIFICATION["paths"][path][method]["responses"]["406"]))


def event_id(program: Program) -> str:
    body = program.ask("GET", "/events?perPage=1").json()
    return quote(body["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"], safe="")


def content(path: str) -> bytes:
    if path == "/capture":
        return documents()[0].read_bytes()
    if path == "/events":
        context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
        head = {"@context": context, "type": "ObjectEvent", "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.1"]}
        return json.dumps({**head, "eventTime": "2026-08-06T08:00:00Z", "eventTimeZoneOffset": "+00:00"}).encode()
    return json.dumps(QUERY | {"name": "another", "dest": "https://example.com", "stream": True}).encode()


def resolved(found: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in found:
        at: Any = SPECIFICATION
        for name in found["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        found = at
    return found


def conforms(answer: Any, specified: dict[str, Any], *, odd: bool = False) -> None:
    """Hold the body and the headers of an answer against GS1's schema."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    described = specified.get("content", {})
    if kind in described:
        schema = described[kind]["schema"]
        schema = {"type": "array", "items": schema["items"]} if odd else schema
        rules = {"components": {"schemas": SCHEMAS}, "allOf": [schema]}
        body = [answer.json()] if odd else answer.json()
        jsonschema_rs.Draft7Validator(rules, validate_formats=True).validate(body)
    elif described:
        assert not odd
        pytest.fail(f"{kind} is not among {list(described)}")
    for name in specified.get("headers", {}):
        if name not in {"Link", "GS1-Next-Page-Token-Expires", "GS1-Query-Min-Record-Time"}:
            assert name.lower() in answer.headers, name
