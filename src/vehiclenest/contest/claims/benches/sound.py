"""Zones and crosstalk, measured by the sound room: zones in a simulated cabin, crosstalk on a measured head where its file is at hand."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from vehiclenest.contest.claims.model import Claim, Finding
from vehiclenest.core.verdict import ClaimVerdict

_HEAD = "sound/mit_kemar_normal_pinna.sofa"
_SPAN_DEG, _EFFORT_DB, _OTHER_HEAD = 60.0, 12.0, 1.05
_SEED = 1


def measure(claim: Claim) -> Finding:
    """Return what the room finds of a claim."""
    if claim.id == "zone-isolation":
        report = _zones()
        by_band, moved = report["contrast_unseen_db"]["mean"], report["contrast_worst_condition_db"]["mean"]
        conditions = f"simulated saloon, headrest loudspeakers; unseen ears, lowest octave; {min(moved):.1f} dB when heads move"
        return Finding.of_interval(claim, min(by_band), min(moved), max(by_band), conditions, depends_on="where the heads are")
    head = Path(os.environ.get("VNEST_DATA", "../shared/data")) / _HEAD
    if not head.is_file():
        return Finding(verdict=ClaimVerdict.CANNOT_BE_JUDGED, missing=f"a measured head, {_HEAD} in the folder VNEST_DATA")
    tracked, still = _crosstalk(head, tracked=True), _crosstalk(head, tracked=False)
    lowest = tracked["lowest_turned_db"]
    conditions = (
        f"KEMAR, loudspeakers at ±30°, tracked within ±10°, lowest third octave 200 Hz to 8 kHz, effort {tracked['effort_db']:.1f} dB; "
        f"untracked {still['lowest_turned_db']:.1f} dB"
    )
    return Finding.of_interval(claim, lowest, still["lowest_turned_db"], lowest, conditions, depends_on="a head tracker")


@cache
def _zones() -> dict[str, Any]:
    from vehiclenest.technology.sound.cabin import load_cabin
    from vehiclenest.technology.sound.design import design_zones, score_design
    from vehiclenest.technology.sound.filters import Filtering
    from vehiclenest.technology.sound.zones import Aim

    design = design_zones(load_cabin("sedan-headrest"), Aim(), Filtering(), robust=True, show=_quiet)
    return score_design(design, _SEED, _quiet)


@cache
def _crosstalk(head: Path, *, tracked: bool) -> dict[str, Any]:
    from vehiclenest.technology.sound.head_report import head_report

    return head_report(head, _SPAN_DEG, _EFFORT_DB, _OTHER_HEAD, tracked=tracked, show=_quiet)[0]


def _quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""
