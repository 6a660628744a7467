"""What the benchmarks of the ledger share: a figure beside its bar, a table of them, and commands with their time and memory."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

_SAMPLE_SECONDS = 0.1
_MB = 1e6


class Bar(NamedTuple):
    """A figure and how large it may be, or with `least` has to be; without a bar it is told and not judged."""

    name: str
    figure: float
    bar: float | None = None
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure keeps to the bar."""
        return self.bar is None or (self.figure >= self.bar if self.least else self.figure <= self.bar)


class Ran(NamedTuple):
    """A command that ran: wall time, what it printed, and the peak memory of its processes together and of the largest."""

    seconds: float
    printed: str
    peak_mb: float
    largest_mb: float


def run(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Run a command to its end and look at the memory of all its processes ten times a second; raise where it fails."""
    output, errors = folder / "stdout", folder / "stderr"
    together = largest = 0.0
    started = time.perf_counter()
    with output.open("w") as stdout, errors.open("w") as stderr:
        process = subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=stderr, env={**os.environ, **(environment or {})})
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            sizes = _sizes(watched)
            together, largest = max(together, sum(sizes)), max(largest, *sizes, 0.0)
            time.sleep(_SAMPLE_SECONDS)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}: {errors.read_text()[-500:]}")
    return Ran(seconds, output.read_text(), together, largest)


def _sizes(process: psutil.Process) -> list[float]:
    sizes: list[float] = []
    try:
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return sizes
    for one in tree:
        try:
            sizes.append(one.memory_info().rss / _MB)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return sizes


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(bars: Sequence[Bar], notes: Sequence[str], *, as_json: bool) -> int:
    """Print figures against their bars; return the exit status, 1 where one is missed."""
    if as_json:
        machine = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        figures: list[dict[str, Any]] = [
            {"name": bar.name, "figure": bar.figure, "bar": bar.bar, "met": None if bar.bar is None else bar.met} for bar in bars
        ]
        print(json.dumps({**machine, "python": platform.python_version(), "figures": figures, "notes": notes}, indent=2))
    else:
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        for bar in bars:
            sign = "    " if bar.bar is None else "ok  " if bar.met else "MISS"
            told = "" if bar.bar is None else f" (bar {'≥' if bar.least else '≤'} {bar.bar:g})"
            print(f"{sign} {bar.name}: {bar.figure:.4g}{told}")
        for note in notes:
            print(f"     {note}")
    return int(not all(bar.met for bar in bars))
