"""The test line as a discrete-event simulation (SimPy): channels, waiting, missed defects and cost per module for each test method.

Modules arrive at random (exponential gaps); each takes the first free channel. Offered load = test time / gap is the least number of
channels that can keep up at all; `channels` is what is bought, for the utilisation in the table. A missed defect is a module below
the SOH limit that the method, with its error, reports at or above it.
"""

from collections.abc import Generator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import simpy

from vehiclenest.core.constants import ConstantTable, Row, load_table
from vehiclenest.core.errors import SettingsError, Where

_TABLE = Path(__file__).with_name("line.toml")
METHODS = ("ul_1974", "capacity", "pulse_1000s", "pulse_30s")


@dataclass(frozen=True, slots=True)
class LineResult:
    """One method on the line. Times in s, shares as fractions, cost in CNY a module.

    `offered_load` is the least number of channels, its range where the test time has one; `defects` is the share of modules that are
    below the limit, `missed_defects` the share of these that pass, `false_alarms` the share of good ones that do not.
    """

    method: str
    title: str
    offered_load: float
    offered_load_range: tuple[float, float]
    channels: int
    utilisation: float
    wait_p95_s: float
    wait_mean_s: float
    modules: int
    defects: float
    missed_defects: float
    false_alarms: float
    cost_cny: float


def simulate_line(
    seed: int = 0, config: Path | None = None, site: Path | None = None
) -> tuple[list[LineResult], tuple[str, ...]]:
    """Return the result of each method, and the names of unverified figures behind them.

    Parameters
    ----------
    config
        A TOML file whose figures are laid over the bundled ones, in place of the site's own.

    Raises
    ------
    SettingsError
        For figures that make no line: no modules, no time, a utilisation of 1 and more.
    """
    table = _laid_over(config) if config else load_table(_TABLE, site)
    _check(table, config or _TABLE)
    results = [_simulated(method, table, np.random.default_rng([seed, number])) for number, method in enumerate(METHODS)]
    return results, tuple(name for row in ("line", *METHODS) for name in table[row].unverified)


def _laid_over(config: Path) -> ConstantTable:
    """Return the table with the figures of a file of any name laid over it."""
    with TemporaryDirectory() as folder:
        own = Path(folder) / _TABLE.name
        try:
            own.write_bytes(config.read_bytes())
            return load_table(_TABLE, Path(folder))
        except OSError as error:
            raise SettingsError(f"cannot be read: {error.strerror}", expected="a TOML file", where=Where(str(config))) from None
        except SettingsError as error:
            raise SettingsError(error.what, expected=error.expected, where=Where(str(config), field=error.where.field)) from None


def _check(table: ConstantTable, path: Path) -> None:
    line = table["line"]
    positive = [(line, name) for name in ("modules", "hours", "simulated", "soh_spread")]
    positive += [(table[method], "seconds") for method in METHODS]
    for row, name in positive:
        if row.number(name) <= 0:
            raise SettingsError(f"{name} is {row.number(name):g}", expected="more than 0", where=Where(str(path), field=row.name))
    if not 0 < line.number("utilisation") < 1:
        raise SettingsError(
            f"utilisation is {line.number('utilisation'):g}",
            expected="between 0 and 1: at 1 the queue grows without end",
            where=Where(str(path), field=line.name),
        )
    if line.number("simulated") > 1_000_000:  # noqa: PLR2004  minutes of computing
        raise SettingsError("more than 1,000,000 simulated modules", expected="fewer", where=Where(str(path), field=line.name))


def _simulated(method: str, table: ConstantTable, random: np.random.Generator) -> LineResult:
    line, row = table["line"], table[method]
    gap = line.number("hours") * 3600.0 / line.number("modules")
    seconds = row["seconds"]
    load = seconds.value / gap
    channels = max(1, ceil(load / line.number("utilisation")))
    followed = int(line.number("simulated"))
    filling = ceil(2.0 * load)  # modules that come in before the line is full; they are not counted
    waits, busy, span = _waits(random, gap, seconds.value, line.number("scatter"), channels, filling, followed)
    soh = line.number("soh_mean") + line.number("soh_spread") * random.standard_normal(followed)
    reported = soh + row.number("error") * random.standard_normal(followed)
    bad = soh < line.number("limit")
    passed = reported >= line.number("limit")
    return LineResult(
        method,
        row.text("title"),
        load,
        ((seconds.low or seconds.value) / gap, (seconds.high or seconds.value) / gap),
        channels,
        busy / (span * channels),
        float(np.quantile(waits, 0.95)),
        float(waits.mean()),
        followed,
        float(bad.mean()),
        float((bad & passed).sum() / max(bad.sum(), 1)),
        float((~bad & ~passed).sum() / max((~bad).sum(), 1)),
        _cost(row, line, channels),
    )


def _cost(row: Row, line: Row, channels: int) -> float:
    return (
        channels * row.number("channel") / line.number("modules")
        + row.number("energy") * line.number("kwh")
        + row.number("handling")
    )


def _waits(
    random: np.random.Generator, gap: float, seconds: float, scatter: float, channels: int, filling: int, followed: int
) -> tuple[np.ndarray, float, float]:
    """Return the waits of the modules that are followed, the time channels were busy and the time they were looked at."""
    environment = simpy.Environment()
    free = simpy.Resource(environment, capacity=channels)
    gaps = random.exponential(gap, filling + followed)
    times = np.maximum(seconds * (1.0 + scatter * random.standard_normal(filling + followed)), 0.0)
    arrivals = np.cumsum(gaps)
    start, end = float(arrivals[filling - 1]), float(arrivals[-1])
    waits = np.zeros(filling + followed)
    busy = 0.0

    def tested(number: int) -> Generator[simpy.Event, Any]:
        nonlocal busy
        arrived = environment.now
        channel = free.request()
        with channel:
            yield channel
            waits[number] = environment.now - arrived
            busy += max(0.0, min(environment.now + times[number], end) - max(environment.now, start))
            yield environment.timeout(times[number])

    def arriving() -> Generator[simpy.Event, Any]:
        for number, wait in enumerate(gaps):
            yield environment.timeout(wait)
            environment.process(tested(number))

    environment.process(arriving())
    environment.run(until=end + 100.0 * seconds / max(1.0, seconds / gap))
    return waits[filling:], busy, end - start
