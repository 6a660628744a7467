"""Measures the bars of the contest: fairness on real judging, size, replay; and how sure the intervals at the cut are.

Run on an idle machine: .venv/bin/python benchmarks/contest.py [--plans 5] [--z-scores]   (data: VNEST_DATA, default ../shared/data)
Exit status 1 where a bar is missed. Needs the extra `contest`; choix is timed beside the pairwise scheme where it is installed.
"""

import argparse
import csv
import importlib
import os
import platform
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from vehiclenest.contest import FileStore, replay, result_bytes
from vehiclenest.contest.assign import assign, count_islands
from vehiclenest.contest.demo import play
from vehiclenest.contest.ranking import lot, place_entries
from vehiclenest.contest.scoring import MILLIONTHS, SCHEMES, Outcome, Sheet
from vehiclenest.contest.scoring.cutline import rank_intervals
from vehiclenest.core.errors import ConflictError

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("VNEST_DATA", ROOT.parent / "shared" / "data")) / "contest"
FEWEST_ENTRIES, PANEL = 8, 9
Scores = NDArray[np.float64]


def tau(one: Scores, other: Scores) -> float:
    return float(kendalltau(one, other).statistic)


def panels() -> list[Scores]:
    """Return programme-component totals (entries x 9 judges) of every segment with at least 8 entries: 112 of them."""
    rows = {row["performance_id"]: (row["competition"], row["program"]) for row in read("skating-performances.csv")}
    factors = {
        row["aspect_id"]: (row["performance_id"], float(row["factor"]))
        for row in read("skating-judged-aspects.csv")
        if row["section"] == "components"
    }
    totals: defaultdict[tuple[str, str], defaultdict[str, defaultdict[str, float]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(float))
    )
    for row in read("skating-judge-scores.csv"):
        if row["aspect_id"] in factors:
            performance, factor = factors[row["aspect_id"]]
            totals[rows[performance]][performance][row["judge"]] += factor * float(row["score"])
    found = [
        np.array([[judges[judge] for judge in sorted(judges)] for _, judges in sorted(performances.items())])
        for _, performances in sorted(totals.items())
    ]
    return [panel for panel in found if len(panel) >= FEWEST_ENTRIES]


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def partial(panel: Scores, judges: int, seed: str) -> Sheet:
    """Keep the scores of a connected, balanced plan of so many judges an entry."""
    entries = [str(entry) for entry in range(len(panel))]
    plan = assign(entries, [str(judge) for judge in range(PANEL)], judges, lambda _judge, _entry: True, seed)
    entry = np.repeat(np.arange(len(panel)), judges)
    judge = np.array([int(judge) for taken in plan.judges_of for judge in taken])
    return Sheet(len(panel), PANEL, entry, judge, np.rint(panel[entry, judge] * MILLIONTHS).astype(np.int64))


def z_scores(sheet: Sheet) -> Scores:
    """Do what the z-score scheme refuses: a judge's own mean and spread from however few entries."""
    points, count = sheet.points, np.maximum(sheet.scores_of_judge, 1)
    away = points - (np.bincount(sheet.judge, points, sheet.judges) / count)[sheet.judge]
    spread = np.sqrt(np.bincount(sheet.judge, away**2, sheet.judges) / np.maximum(count - 1, 1))
    standard = away / np.where(spread > 0, spread, 1)[sheet.judge]
    return np.bincount(sheet.entry, standard, sheet.entries) / sheet.scores_of_entry


def fairness(plans: int) -> list[tuple[str, float, float, bool]]:
    """Print Kendall's tau of each scheme to the ranking by all nine judges; return the bars."""
    real = panels()
    names = ("mean", "trimmed_mean", "severity", "pairwise")
    print(f"\nKendall tau to the mean of all 9 judges: {len(real)} skating panels, {plans} connected plans each")
    print(
        f"{'judges':>6} {'severity':>8} "
        + " ".join(f"{name:>13}" for name in (*names, "z-score *"))
        + "   severity - mean (even, odd)"
    )
    bars: list[tuple[str, float, float, bool]] = []
    for times in (1, 3):
        for judges in (2, 3, 4):
            taus: defaultdict[str, list[float]] = defaultdict(list)
            for number, panel in enumerate(real):
                harsher = panel + (times - 1) * (panel.mean(axis=0) - panel.mean())
                for plan in range(plans):
                    sheet = partial(harsher, judges, f"{number}/{plan}")
                    for name in names:
                        outcome = SCHEMES[name](sheet)
                        if outcome.ranked.all():
                            taus[name].append(tau(panel.mean(axis=1), outcome.value))
                    taus["z"].append(tau(panel.mean(axis=1), z_scores(sheet)))
            gain = np.array(taus["severity"]) - np.array(taus["mean"])
            halves = gain.reshape(len(real), plans)
            cells = [f"{np.mean(taus[name]):13.4f}" if taus[name] else f"{'-':>13}" for name in (*names, "z")]
            print(
                f"{judges:>6} {'x' + str(times):>8} {' '.join(cells)}   {gain.mean():+.4f}"
                f" ({halves[::2].mean():+.4f}, {halves[1::2].mean():+.4f}), s.e. {gain.std() / len(gain) ** 0.5:.4f}"
            )
            bars.append((f"severity - mean, {judges} judges, severity x{times}", float(gain.mean()), -0.003, True))
            if (judges, times) == (4, 3):
                bars.append(("severity, 4 judges, severity x3", float(np.mean(taus["severity"])), 0.90, True))
    print("* refused by the product below 30 entries a judge; shown to say why. The prior was chosen on the even panels.")
    return bars


def scale() -> list[tuple[str, float, float, bool]]:
    """Time ranking and assignment of a national contest: 200,000 entries, 3 scores each, 6,000 judges."""
    entries, judges, wanted = 200_000, 6_000, 3
    chance = random.Random(1)
    names, panel = [f"E{number}" for number in range(entries)], [f"J{number}" for number in range(judges)]
    home = {name: (chance.randrange(50_000), chance.randrange(31)) for name in (*names, *panel)}

    def may(judge: str, entry: str) -> bool:
        one, other = home[judge], home[entry]
        return one[0] != other[0] and one[1] != other[1]

    started = time.perf_counter()
    plan = assign(names, panel, wanted, may, "national")
    assigned = time.perf_counter() - started
    conflicts = sum(not may(judge, name) for name, taken in zip(names, plan.judges_of, strict=True) for judge in taken)
    islands = count_islands(dict(zip(names, plan.judges_of, strict=True)))
    loads = list(plan.load.values())
    print(f"\n{entries} entries, {judges} judges: islands {islands}, conflicts {conflicts}, load {min(loads)} to {max(loads)}")
    index = {judge: number for number, judge in enumerate(panel)}
    random_ = np.random.default_rng(2)
    entry = np.repeat(np.arange(entries), wanted)
    judge = np.array([index[judge] for taken in plan.judges_of for judge in taken])
    truth = random_.normal(70, 9.2, entries)
    points = truth[entry] + random_.normal(0, 2.6, judges)[judge] + random_.normal(0, 3, len(entry))
    sheet = Sheet(entries, judges, entry, judge, np.rint(points * 100).astype(np.int64) * (MILLIONTHS // 100))
    bars = [
        ("assignment, s", assigned, 60.0, False),
        ("islands of the plan", float(islands), 1.0, False),
        ("conflicts of the plan", float(conflicts), 0.0, False),
    ]
    for name in ("mean", "severity"):
        started = time.perf_counter()
        outcome = SCHEMES[name](sheet)
        placed = place_entries(names, outcome, [("lot", lambda entry: lot("seed", entry))])
        if outcome.deviation is not None:
            near = np.array([number for place, number, _ in placed if place and 9_995 < place <= 10_005])
            rank_intervals(outcome.value, outcome.deviation, near)
        took = time.perf_counter() - started
        print(
            f"ranking by {name}: {took:.2f} s, tau to the truth {tau(truth[:20_000], outcome.value[:20_000]):.3f}, {outcome.facts}"
        )
        bars.append((f"ranking by {name}, ties and intervals included, s", took, 5.0, False))
    return bars


def coverage() -> list[tuple[str, float, float, bool]]:
    """Say how often the 90 % interval of a rank holds the true one, on made-up sheets of 120 entries and 20 judges."""
    random_ = np.random.default_rng(3)
    entries, judges, wanted = 120, 20, 3
    names, panel = [str(number) for number in range(entries)], [str(number) for number in range(judges)]
    held: list[bool] = []
    for run in range(40):
        plan = assign(names, panel, wanted, lambda _judge, _entry: True, str(run))
        entry, judge = np.repeat(np.arange(entries), wanted), np.array([int(j) for taken in plan.judges_of for j in taken])
        truth = random_.normal(70, 8, entries)
        points = truth[entry] + random_.normal(0, 3, judges)[judge] + random_.normal(0, 3.5, len(entry))
        outcome: Outcome = SCHEMES["severity"](
            Sheet(entries, judges, entry, judge, np.rint(points * MILLIONTHS).astype(np.int64))
        )
        ranks = np.empty(entries, np.int64)
        ranks[np.argsort(-truth)] = np.arange(1, entries + 1)
        near = np.argsort(-outcome.value)[25:45]
        intervals = rank_intervals(outcome.value, np.asarray(outcome.deviation), near)
        held += [bool(low <= ranks[entry] <= high) for entry, (low, high) in zip(near, intervals, strict=True)]
    print(f"\n90 % intervals of the rank near the cut hold the true rank in {np.mean(held):.1%} of {len(held)} cases")
    return [("coverage of the 90 % rank intervals", float(np.mean(held)), 0.85, True)]


def replays() -> list[tuple[str, float, float, bool]]:
    """Play the model contest twice; log, ranking and replay have to be the same to the byte."""
    with tempfile.TemporaryDirectory() as folder:
        bodies: list[bytes] = []
        logs: list[bytes] = []
        for name in ("one", "two"):
            path = Path(folder) / name / "log.jsonl"
            path.parent.mkdir()
            path.touch()
            bodies.append(result_bytes(play(FileStore(path)).state))
            logs.append(path.read_bytes())
        started = time.perf_counter()
        state = replay(FileStore(Path(folder) / "one" / "log.jsonl").lines())
        took = time.perf_counter() - started
        bodies.append(result_bytes(state))
    same = len(set(bodies)) == 1 and len(set(logs)) == 1
    print(
        f"\nreplay of {len(state.entries)} entries, {state.seq} events in {took:.2f} s: {'same bytes' if same else 'DIFFERENT'}"
    )
    return [("replay differs (0 = same bytes)", float(not same), 0.0, False)]


def refused_z_scores() -> None:
    """Find from how many entries a judge z-scores come within 0.003 of the mean's tau, on made-up sheets like the real panels."""
    random_ = np.random.default_rng(4)
    print("\nz-score against mean, 3 judges an entry, variance 84/7/9 %: entries a judge, tau mean, tau z-score")
    for each in (5, 10, 15, 20, 30, 40, 60, 100):
        entries, judges = 20 * each // 3, 20
        names, panel = [str(number) for number in range(entries)], [str(number) for number in range(judges)]
        rows: list[tuple[float, float]] = []
        for run in range(60):
            plan = assign(names, panel, 3, lambda _judge, _entry: True, f"{each}/{run}")
            entry, judge = np.repeat(np.arange(entries), 3), np.array([int(j) for taken in plan.judges_of for j in taken])
            truth = random_.normal(0, 0.84**0.5, entries)
            points = truth[entry] + random_.normal(0, 0.07**0.5, judges)[judge] + random_.normal(0, 0.3, len(entry))
            sheet = Sheet(entries, judges, entry, judge, np.rint(points * MILLIONTHS).astype(np.int64))
            rows.append((tau(truth, SCHEMES["mean"](sheet).value), tau(truth, z_scores(sheet))))
        mean, standard = np.mean(rows, axis=0)
        print(f"{each:>4} {mean:.4f} {standard:.4f} {standard - mean:+.4f}")


def peer() -> None:
    """Time choix, a library of Bradley–Terry models, beside the pairwise scheme on one real panel."""
    try:
        choix: Any = importlib.import_module("choix")
    except ModuleNotFoundError:
        print("\nchoix is not installed: no peer beside the pairwise scheme")
        return
    panel = max(panels(), key=len)
    sheet = partial(panel, 4, "peer")
    pairs = [
        (int(sheet.entry[one]), int(sheet.entry[other]))
        for one in range(len(sheet.entry))
        for other in range(len(sheet.entry))
        if sheet.judge[one] == sheet.judge[other] and sheet.millionths[one] > sheet.millionths[other]
    ]
    fits: list[tuple[str, Callable[[], Any]]] = [
        ("pairwise", lambda: SCHEMES["pairwise"](sheet).value),
        ("choix.ilsr_pairwise", lambda: choix.ilsr_pairwise(len(panel), pairs, alpha=0.01)),
    ]
    print(f"\npairwise on the largest panel ({len(panel)} entries, 4 judges an entry)")
    for name, fit in fits:
        started = time.perf_counter()
        value = fit()
        print(f"{name}: tau {tau(panel.mean(axis=1), value):.4f}, {1e3 * (time.perf_counter() - started):.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=5)
    parser.add_argument("--z-scores", action="store_true", help="find the least number of entries a judge for z-scores, and stop")
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if arguments.z_scores:
        refused_z_scores()
        return 0
    bars = [*replays(), *scale(), *coverage()]
    if DATA.is_dir():
        peer()
        bars += fairness(arguments.plans)
    else:
        print(f"real judging data not found at {DATA}: fairness is not measured")
    print()
    missed = 0
    for name, figure, bar, at_least in bars:
        held = figure >= bar if at_least else figure <= bar
        missed += not held
        print(f"{'ok  ' if held else 'MISS'} {name}: {figure:.4g} ({'at least' if at_least else 'at most'} {bar:g})")
    print("not measured here: score entered -> 1,000 screens, which needs the web pages")
    return int(missed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConflictError as error:
        sys.exit(f"benchmark: {error}")
