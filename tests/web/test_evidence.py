"""Evidence: what is taken, where it lies, who sees it, and that the ledger knows its hash."""

import hashlib
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from tests.web.conftest import HTML, Base, Browser
from tests.web.test_yard import CAR, VIN

from vehiclenest.ledger import Book
from vehiclenest.site import Settings
from vehiclenest.site.evidence import attached, hashes_in
from vehiclenest.web import evidence, pictures, yard
from vehiclenest.web.policy import Role

REPORT = b"<!doctype html><html><title>Deviations</title><script>document.title = 'drawn'</script></html>"


def photo(width: int = 900, height: int = 600, kind: str = "JPEG", **more: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(written, kind, **more)
    return written.getvalue()


def send(browser: Browser, thing: str, name: str, content: bytes, note: str = "") -> Any:
    data = {"_csrf": browser.csrf(), "thing": thing, "note": note}
    files = {"file": (name, content, "application/octet-stream")}
    return browser.client.post("/evidence", data=data, files=files, headers=HTML, follow_redirects=False)


def key_of(browser: Browser, sha256: str) -> int:
    found = re.search(r'href="/evidence/(\d+)"', browser.get(f"/evidence?q={sha256}").text)
    assert found is not None
    return int(found[1])


@pytest.fixture(scope="module")
def vin(base: Base) -> str:
    assert base.browser(Role.OPERATOR).post("/yard/intake", CAR).status_code == 303
    return VIN


def test_a_photo_is_kept_under_its_hash_shown_on_the_timeline_and_booked(base: Base, vin: str) -> None:
    browser, content = base.browser(Role.OPERATOR), photo()
    sha256 = hashlib.sha256(content).hexdigest()
    assert (
        send(browser, vin, "C:\\dcim\\front.jpg", content, "front, dented").headers["location"]
        == f"/yard/vehicles/{vin}#evidence"
    )
    assert evidence.file_of(base.database.ledger, sha256).read_bytes() == content
    with base.database.reading() as connection:
        body = Book(connection).body(Book(connection).last())
    assert sha256 in str(body)
    assert "front.jpg" in str(body)
    assert "dcim" not in str(body)
    key = key_of(browser, sha256)
    page = browser.get(f"/yard/vehicles/{vin}").text
    assert "front, dented" in page[page.index('class="timeline"') :]
    small = browser.get(f"/evidence/{key}/small")
    assert small.headers["content-type"] == "image/jpeg"
    assert max(Image.open(BytesIO(small.content)).size) == 320
    assert browser.get(f"/evidence/{key}/file").content == content


def test_the_same_file_again_is_neither_kept_nor_booked_twice(base: Base, vin: str) -> None:
    browser, content = base.browser(Role.OPERATOR), photo(64, 64)
    send(browser, vin, "a.jpg", content)
    events = base.database.ledger.size()
    assert send(browser, vin, "b.jpg", content).status_code == 303
    assert base.database.ledger.size() == events


def test_the_hash_that_an_inspection_booked_is_joined_with_its_report(base: Base, vin: str) -> None:
    browser = base.browser(Role.ENGINEER)
    sha256 = hashlib.sha256(REPORT).hexdigest()
    event = attached(Settings().thing(vin), sha256, "text/html", "inspection.html", yard.utc_now(), Settings())
    base.database.ledger.capture([event])
    assert sha256[:16] in browser.get(f"/yard/vehicles/{vin}").text
    events = base.database.ledger.size()
    send(browser, vin, "inspection.html", REPORT)
    assert base.database.ledger.size() == events, "it stood in the ledger already"
    assert f"{sha256[:16]}…" not in browser.get(f"/yard/vehicles/{vin}").text


def test_a_report_is_shown_in_a_sandbox_and_not_with_the_rights_of_the_page(base: Base, vin: str) -> None:
    browser = base.browser(Role.ENGINEER)
    send(browser, vin, "inspection.html", REPORT)
    answer = browser.get(f"/evidence/{key_of(browser, hashlib.sha256(REPORT).hexdigest())}/file")
    policy = answer.headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert policy[0].startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy[0]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.jpg", b"MZ\x90\x00 a program"),
        ("photo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("cut.jpg", photo()[:400]),
        ("text.html", b"<!doctype html>\xff\xfe"),
        ("empty.jpg", b""),
    ],
)
def test_what_is_no_picture_document_or_report_is_refused(base: Base, vin: str, name: str, content: bytes) -> None:
    browser, events = base.browser(Role.OPERATOR), base.database.ledger.size()
    assert send(browser, vin, name, content).status_code == 422
    assert base.database.ledger.size() == events


def test_a_picture_that_unpacks_to_too_many_pixels_is_refused_by_its_header() -> None:
    written = BytesIO()
    Image.new("1", (9000, 9000)).save(written, "PNG")
    assert len(written.getvalue()) < 20_000
    with pytest.raises(Exception, match="pixels"):
        pictures.thumbnail(written.getvalue(), "image/png")


def test_a_small_picture_holds_nothing_of_the_senders_place() -> None:
    exif = Image.Exif()
    exif[0x010F] = "maker of the camera"
    small = pictures.thumbnail(photo(exif=exif.tobytes()), pictures.JPEG)
    assert small is not None
    assert b"maker" not in small


def test_a_file_that_was_changed_is_said_and_not_shown(base: Base, vin: str) -> None:
    browser, content = base.browser(Role.OPERATOR), photo(80, 80)
    send(browser, vin, "x.jpg", content)
    sha256 = hashlib.sha256(content).hexdigest()
    key = key_of(browser, sha256)
    evidence.file_of(base.database.ledger, sha256).write_bytes(photo(81, 80))
    assert browser.get(f"/evidence/{key}/file").status_code == 409
    assert "its hash differs" in browser.get(f"/evidence/{key}").text


def test_a_trader_sees_no_evidence_of_what_is_not_for_sale(base: Base, vin: str) -> None:
    operator, content = base.browser(Role.OPERATOR), photo(90, 90)
    send(operator, vin, "x.jpg", content)
    key = key_of(operator, hashlib.sha256(content).hexdigest())
    trader = base.browser(Role.TRADER)
    for path in (f"/evidence/{key}", f"/evidence/{key}/file", f"/evidence/{key}/small"):
        assert trader.get(path).status_code == 404
    assert send(operator, "NO-SUCH-THING", "x.jpg", content).status_code == 404


@pytest.mark.parametrize("text", ["sha256:{}", "SHA-256 {}", "report ni:///sha-256;{}", "sha256={} text/html"])
def test_a_hash_is_found_however_it_is_written(text: str) -> None:
    assert hashes_in(text.format("AB" * 32)) == ["ab" * 32]
    assert hashes_in(text.format("ab" * 33)) == []
