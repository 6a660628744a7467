"""Files of pulse tests with measured SOH → a model, its cross-validation and its card."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.battery.health import learn_type
from vehiclenest.loop.battery.model import HealthModel, PulseTests, TypeModel, type_key
from vehiclenest.loop.battery.reading import Chunk, read_chunks
from vehiclenest.loop.battery.validate import FOLDS, Progress, cross_validate

_LEAST_CELLS = FOLDS
_MOST_TESTS = 4000  # of one type: learning takes time with the cube of it
_REPEATED = "-"  # an ID such as D3-100 is cell D3 after 100 cycles
_MOST_SOH = 1.5  # a fraction: more is a percentage or another unit


def read_tests(files: Sequence[Path], mapping: Mapping[str, str]) -> tuple[dict[str, tuple[str, float, PulseTests]], str]:
    """Return the tests of each type by its key, and the SHA-256 of the files.

    The physical cell is the ID before a hyphen, where one file's IDs of a type repeat it (a cell aged and tested again).

    Raises
    ------
    InputError
        Naming file, line and field: learning refuses a bad row, grading calls it a retest.
    """
    gathered: dict[str, list[tuple[Chunk, NDArray[np.int64]]]] = {}
    digest = hashlib.sha256()
    for path in files:
        for chunk in read_chunks(path, mapping, ("SOC", "SOH")):
            _check(chunk)
            keys = np.array([type_key(mat, qn) for mat, qn in zip(chunk.text["Mat"], chunk.numbers["Qn"], strict=True)])
            for key in dict.fromkeys(keys.tolist()):
                gathered.setdefault(key, []).append((chunk, np.flatnonzero(keys == key)))
        digest.update(path.read_bytes())
    if not gathered:
        raise InputError("there are no tests in the files", expected="one row a test below the header")
    return {key: _tests(key, parts) for key, parts in gathered.items()}, digest.hexdigest()


def _check(chunk: Chunk) -> None:
    for number, line in enumerate(chunk.lines):
        where = Where(chunk.file, line)
        if chunk.reasons[number]:
            what, _, expected = chunk.reasons[number].partition("; ")
            raise InputError(what, expected=expected, where=where)
        for name, low, high, words in (
            ("SOC", 0.0, 100.0, "percent, 0 to 100"),
            ("SOH", 0.1, _MOST_SOH, "a fraction of nominal capacity, 0.1 to 1.5"),
            ("Qn", 1e-3, 1e4, "nominal capacity in Ah"),
        ):
            value = chunk.numbers[name][number]
            if not low <= value <= high:
                raise InputError(f"{name} is {value:g}", expected=words, where=Where(chunk.file, line, name))
        if not chunk.text["Mat"][number] or not chunk.text["ID"][number]:
            raise InputError("Mat or ID is empty", expected="chemistry and name of the cell", where=where)


def _tests(key: str, parts: Sequence[tuple[Chunk, NDArray[np.int64]]]) -> tuple[str, float, PulseTests]:
    first, rows = parts[0]
    chemistry, nominal = first.text["Mat"][int(rows[0])], float(first.numbers["Qn"][rows[0]])
    states: list[str] = [chunk.text["ID"][row] for chunk, rows in parts for row in rows.tolist()]
    stems = [state.split(_REPEATED)[0] for state in states]
    cells = stems if len(set(stems)) < len(set(states)) else states
    names, cell = np.unique(cells, return_inverse=True)
    if len(names) < _LEAST_CELLS:
        raise InputError(f"{key}: {len(names)} physical cells", expected=f"at least {_LEAST_CELLS}, for cross-validation")
    if len(states) > _MOST_TESTS:
        raise InputError(f"{key}: {len(states):,} tests", expected=f"at most {_MOST_TESTS:,} of one type: learn from a sample")
    tests = PulseTests(
        np.vstack([chunk.voltages[rows] for chunk, rows in parts]),
        np.concatenate([chunk.numbers["SOC"][rows] for chunk, rows in parts]),
        100.0 * np.concatenate([chunk.numbers["SOH"][rows] for chunk, rows in parts]),
        cell.astype(np.int64),
        np.unique(states, return_inverse=True)[1].astype(np.int64),
    )
    if np.ptp(tests.soh) == 0:
        raise InputError(f"{key}: every SOH is {tests.soh[0]:g} %", expected="cells of different health")
    return chemistry, nominal, tests


def learn(files: Sequence[Path], mapping: Mapping[str, str], progress: Progress) -> HealthModel:
    """Learn a model and cross-validate it; the same files give the same model."""
    types, digest = read_tests(files, mapping)
    report = cross_validate(types, progress)
    learnt: dict[str, TypeModel] = {}
    for done, (key, (chemistry, nominal, tests)) in enumerate(types.items()):
        progress("learning", done, len(types))
        learnt[key] = learn_type(chemistry, nominal, tests)
    progress("learning", len(types), len(types))
    return HealthModel(learnt, digest, 0, report)


def model_card(model: HealthModel, files: Sequence[str]) -> str:
    """Return the card of a model, in Markdown."""
    lines = [
        "# Battery health model",
        "",
        "State of health (SOH, percent of nominal capacity) of retired cells from 5 s pulse responses.",
        "",
        f"- Learnt from: {', '.join(files)} (SHA-256 `{model.data_sha256}`)",
        "- Method: mean of four Gaussian processes per type of cell and mode; hyperparameters by marginal likelihood or by the error on",
        "  left-out cells of the training data; deterministic, no random numbers",
        "- Intervals: 90 %, conformal on the errors of left-out physical cells",
        f"- Cross-validation: {FOLDS} folds that never split a physical cell (an ID such as D3-100 is cell D3)",
        "- Not for: other types of cell, other pulses than ±0.5, ±1 and +1.5 C of 5 s, SOC more than 10 points outside of what was learnt",
        "- The file holds the voltages of its training tests: whoever passes it on passes these on",
    ]
    for mode, by_type in model.report.items():
        lines += [
            "",
            f"## SOC {mode}",
            "",
            "| Type | tests | cells | MAE, one test | MAE, tests of a cell combined | coverage by cell | mean width |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {row['tests']} | {row['cells']} | {row['mae']:.2f} | {row['mae_combined']:.2f} | {row['coverage']:.1%} "
            f"| {row['width']:.1f} |"
            for name, row in by_type.items()
        ]
    return "\n".join(lines) + "\n"
