"""What is claimed is held against what was measured; what was not measured never passes."""

import sys
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from pydantic import ValidationError

from vehiclenest.contest.claims import Claim, Finding, claim_rows, keep, last_kept, measure, read_register
from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.verdict import ClaimVerdict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BENCHES = "vehiclenest.contest.claims.benches"


def claim(**changes: object) -> Claim:
    fields: dict[str, object] = {
        "id": "speed", "entry": "Scanner", "quantity": "points a second", "operator": ">=", "value": 2.0, "unit": "1/s",
        "conditions": "one machine", "source": "entry", "room": "core", "bench": "stopwatch",
    }  # fmt: skip
    return Claim.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("operator", "low", "high", "verdict"),
    [
        (">=", 2.0, 3.0, ClaimVerdict.HOLDS),
        (">=", 1.0, 1.9, ClaimVerdict.FAILS),
        (">=", 1.0, 3.0, ClaimVerdict.DEPENDS),
        (">", 2.0, 3.0, ClaimVerdict.DEPENDS),
        ("<=", 1.0, 2.0, ClaimVerdict.HOLDS),
        ("<", 2.0, 2.0, ClaimVerdict.FAILS),
    ],
)
def test_a_claim_holds_only_over_the_whole_interval(operator: str, low: float, high: float, verdict: ClaimVerdict) -> None:
    finding = Finding.of_interval(claim(operator=operator), (low + high) / 2, low, high, "on a desk")
    assert finding.verdict is verdict
    assert bool(finding.depends_on) == (verdict is ClaimVerdict.DEPENDS)


def test_a_claim_without_a_figure_cannot_be_judged_and_says_what_is_missing() -> None:
    finding = Finding.of_interval(claim(value=None), 2.5, 2.4, 2.6, "on a desk")
    assert (finding.verdict, finding.missing, finding.measured) == (
        ClaimVerdict.CANNOT_BE_JUDGED,
        "the figure that is claimed",
        2.5,
    )
    assert claim(value=None).claimed == "≥ a figure not named"


@pytest.mark.parametrize("verdict", [ClaimVerdict.HOLDS, ClaimVerdict.FAILS, ClaimVerdict.DEPENDS, ClaimVerdict.CANNOT_BE_JUDGED])
def test_a_verdict_without_its_grounds_is_no_finding(verdict: ClaimVerdict) -> None:
    with pytest.raises(ValidationError):
        Finding(verdict=verdict)


def test_the_register_has_every_claim_of_the_contest_and_nothing_is_passed_unmeasured() -> None:
    register = read_register()
    entries = {each.id for each in register.claim}
    assert {"scan-throughput", "inspection-speed", "identification-accuracy", "crosstalk-cancellation", "zone-isolation", "fatigue-warning",
            "micro-expression", "grooving-precision", "solid-state-cells", "pedal-error", "rear-end-collision"} <= entries  # fmt: skip
    assert sum(each.startswith("regeneration-") for each in entries) == 6
    rows = claim_rows(register, register.claim, {})
    assert {row["verdict"] for row in rows} == {"not measured yet"}
    assert all(row["missing"] for row in rows)
    assert all(row["source"].endswith("[U]") for row in rows)
    baseline = next(row["baseline"] for row in rows if row["claim"] == "inspection-speed")
    assert "No independent public baseline" in baseline


def test_a_bench_is_found_by_its_name_and_what_it_finds_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([2.5, 1.5])

    def stopwatch(each: Claim) -> Finding:
        value = next(values)
        return Finding.of_interval(each, value, value, value, "on a desk", unverified=("k.x",))

    bench = ModuleType(f"{BENCHES}.stopwatch")
    bench.__spec__ = ModuleSpec(bench.__name__, None)
    bench.__dict__["measure"] = stopwatch
    monkeypatch.setitem(sys.modules, bench.__name__, bench)
    kept = tmp_path / "deep" / "claims.jsonl"
    for _ in range(2):
        keep(kept, measure([claim()]), NOW)
    assert len(kept.read_text().splitlines()) == 2
    register = read_register().model_copy(update={"claim": (claim(),)})
    row = claim_rows(register, register.claim, last_kept(kept))[0]
    assert (row["measured"], row["interval"], row["verdict"]) == (1.5, [1.5, 1.5], "fails")
    assert (row["measured_at"], row["unverified"]) == ("2026-11-24T12:00:00.000Z", ["k.x"])
    assert "cores" in row["machine"]
    changed = claim(value=1.0)
    assert claim_rows(register, [changed], last_kept(kept))[0]["verdict"] == "not measured yet"


def test_a_claim_without_a_bench_says_why_it_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [finding.missing for _, finding in measure([claim(), claim(room="loop.none"), claim(room="none.at.all")])]
    assert found == [
        "the room core has no bench for it yet",
        "the room loop.none is not built yet",
        "the room none.at.all is not built yet",
    ]

    def fail(_name: str) -> None:
        raise ModuleNotFoundError("no trimesh", name="trimesh")

    monkeypatch.setattr("vehiclenest.contest.claims.measuring.find_spec", _found)
    monkeypatch.setattr("vehiclenest.contest.claims.measuring.importlib", SimpleNamespace(import_module=fail))
    assert next(measure([claim()]))[1].missing.startswith("trimesh is not installed")
    register = read_register().model_copy(update={"claim": (claim(),)})
    assert claim_rows(register, register.claim, {})[0]["missing"] == "nobody has run vnest claims --measure yet"


def test_claims_of_one_entry() -> None:
    register = read_register()
    assert [each.id for each in register.about(" sound ZONES")] == ["crosstalk-cancellation", "zone-isolation"]
    with pytest.raises(NotFoundError, match="no claim is from"):
        register.about("Perpetual motion")


def _found(_name: str) -> object:
    return object()


HEAD = '[sources]\ns = { title = "t", date = "2026", tag = "U" }\n'
ROW = (
    '[[claim]]\nid = "a"\nentry = "e"\nquantity = "q"\noperator = ">="\nvalue = 1\nunit = "1"\nconditions = "c"\n'
    'source = "s"\nroom = "core"\nbench = "b"\n'
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[sources", "is no TOML"),
        (HEAD, "claim: Field required"),
        (HEAD + ROW.replace('">="', '"about"'), "claim.0.operator"),
        (HEAD + ROW.replace("value = 1", "value = nan"), "claim.0.value"),
        (HEAD + ROW.replace('source = "s"', 'source = "x"'), "claim a: source 'x' is not in"),
        (HEAD + ROW + ROW, "claim a is there twice"),
    ],
)
def test_a_register_that_is_wrong_is_named(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=reason):
        read_register(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_register(tmp_path)


def test_kept_measurements_that_are_none_are_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    assert last_kept(file) == {}
    assert keep(file, [], NOW) == []
    file.write_text("{}\n")
    with pytest.raises(InputError, match="line 1, claim: is no measurement"):
        last_kept(file)
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        last_kept(file)
    with pytest.raises(InputError, match="cannot be read"):
        last_kept(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        keep(tmp_path, [(claim(), Finding(verdict=ClaimVerdict.NOT_MEASURED))], NOW)
