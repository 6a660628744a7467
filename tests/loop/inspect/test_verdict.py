"""A verdict follows the rules of the family, says why in figures, and decides nothing that is in doubt."""

from pathlib import Path

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.model import Damage, Defect, DefectKind, Deviation, Figure, Pose, Verdict
from vehiclenest.loop.inspect.verdict import verdict

FLAT = Deviation(0.0, 0.02, -0.05, 0.0, 0.05, 0.08)
NO_WEAR = Figure(0.0, 0.002)


def one(kind: DefectKind, depth: float, volume: float = 5.0, uncertainty: float = 0.01) -> Defect:
    return Defect(kind, (0.0, 0.0, 0.0), Figure(depth, uncertainty), Figure(20.0, 2.0), Figure(volume, 0.5))


def judged(
    *defects: Defect, family: str = "disc", wear: Figure = NO_WEAR, coverage: float = 0.9, pose: Pose | None = None
) -> Verdict:
    damage = Damage(defects, Figure(1000 * wear.value, 1.0), wear, 1000.0)
    return verdict(damage, FLAT, coverage, family, tolerance_mm=0.1, pose=pose)


def pose_of(*, converged: bool = True, contested: bool = False) -> Pose:
    return Pose(np.eye(4), np.zeros((6, 6)), np.zeros((0, 6)), (np.eye(4),), 0.02, 0.9, converged, contested=contested)


def test_a_sound_part_is_used_again() -> None:
    assert judged(pose=pose_of()).outcome == "reuse"


def test_a_dent_or_wear_beyond_tolerance_is_made_good_with_its_figures_told() -> None:
    found = judged(one("dent", 0.4))
    assert found.outcome == "remanufacture"
    assert "0.400 ± 0.010 mm" in found.reasons[0]
    assert judged(wear=Figure(0.3, 0.01)).outcome == "remanufacture"


def test_a_crack_ends_a_part_that_safety_depends_on_and_no_other() -> None:
    assert judged(one("crack", 0.4), family="knuckle").outcome == "recycle"
    assert judged(one("crack", 0.4), family="head").outcome == "manual"


def test_a_piece_missing_ends_a_disc_and_is_filled_in_a_cylinder_head() -> None:
    assert judged(one("missing", 1.8, 300.0)).outcome == "recycle"
    assert judged(one("missing", 1.8, 300.0), family="head").outcome == "remanufacture"


def test_wear_beyond_its_limit_ends_a_disc() -> None:
    assert judged(wear=Figure(1.3, 0.01)).outcome == "recycle"
    assert judged(wear=Figure(1.3, 0.01), family="general").outcome == "manual"


def test_a_figure_at_its_limit_is_left_to_a_person() -> None:
    assert judged(one("dent", 0.8, uncertainty=0.02)).outcome == "manual"
    assert judged(one("dent", 0.77, uncertainty=0.02)).outcome == "remanufacture"
    assert judged(one("dent", 0.83, uncertainty=0.02)).outcome == "recycle"
    assert judged(wear=Figure(0.1, 0.01)).outcome == "manual"


@pytest.mark.parametrize("pose", [pose_of(converged=False), pose_of(contested=True)])
def test_a_doubtful_pose_decides_nothing(pose: Pose) -> None:
    assert judged(one("crack", 0.4), pose=pose).outcome == "manual"


def test_too_little_seen_decides_nothing() -> None:
    found = judged(coverage=0.4)
    assert found.outcome == "manual"
    assert "40 % of the surface was seen, less than 60 %." in found.reasons


def test_deviation_that_no_defect_explains_is_left_to_a_person() -> None:
    bent = Deviation(0.1, 0.3, -0.6, 0.0, 0.7, 0.9)
    assert verdict(Damage((), NO_WEAR, NO_WEAR, 0.0), bent, 0.9, "disc", tolerance_mm=0.1).outcome == "manual"


def test_limits_from_memory_say_so_and_a_site_sets_its_own(tmp_path: Path) -> None:
    assert judged().unverified
    (tmp_path / "verdict.toml").write_text("[disc]\nrepair_mm = 0.2\n")
    damage = Damage((one("dent", 0.4),), NO_WEAR, NO_WEAR, 0.0)
    assert verdict(damage, FLAT, 0.9, "disc", tolerance_mm=0.1, site=tmp_path).outcome == "recycle"


def test_a_coverage_that_is_no_share_is_refused() -> None:
    with pytest.raises(InputError, match="coverage"):
        judged(coverage=90.0)
