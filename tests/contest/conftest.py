"""A small contest to try things on: one group, six entries, five judges and a reserve, two stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vehiclenest.contest import KEEPER, Contest, Kind, MemoryStore, Receipt, correction_statement, score_statement
from vehiclenest.contest.config import as_config
from vehiclenest.contest.keys import made_up_key, public_text
from vehiclenest.contest.log import Statement, signed_statement

JUDGES = ("J1", "J2", "J3", "J4", "J5", "J6")


def document(**changes: Any) -> dict[str, Any]:
    """Return a configuration that is right, with changes."""
    judges = [
        {
            "id": judge,
            "name": f"Judge {judge}",
            "organisation": f"Institute {judge}",
            "province": f"Province {judge}",
            "reserve": judge == "J6",
            "public_key": public_text(made_up_key(judge)),
        }
        for judge in JUDGES
    ]
    return {
        "id": "spring",
        "name": "Spring contest",
        "name_zh": "春季赛",
        "made_up": True,
        "groups": [
            {
                "id": "all",
                "name": "All",
                "criteria": [
                    {"id": "idea", "name": "Idea", "weight": "0.6"},
                    {"id": "team", "name": "Team", "weight": "0.4"},
                ],
                "prizes": [{"id": "first", "name": "First prize", "places": 1}, {"id": "second", "name": "Second", "places": 1}],
                "recommend": 2,
            }
        ],
        "stages": [
            {
                "id": "papers",
                "name": "Papers",
                "scheme": "mean",
                "judges_per_entry": 3,
                "advance": {"all": 3},
                "same_province": True,
            },
            {"id": "final", "name": "Final", "scheme": "trimmed_mean", "judges_per_entry": 5, "talk_seconds": 480},
        ],
        "judges": judges,
        **changes,
    }


@dataclass
class Watch:
    now: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Desk:
    """A contest with a clock that is set by hand and shortcuts to say things."""

    def __init__(self, **changes: Any) -> None:
        self.watch = Watch()
        self.store = MemoryStore()
        self.contest = Contest.create(as_config(document(**changes)), self.store, made_up_key(KEEPER), self.watch)

    @property
    def state(self) -> Any:
        return self.contest.state

    def with_entries(self, count: int = 6, **changes: str) -> "Desk":
        for number in range(1, count + 1):
            entry = {
                "id": f"E{number}",
                "name": f"Idea {number}",
                "group": "all",
                "organisation": f"Works {number}",
                "province": "Hebei",
            }
            self.contest.say(Kind.ENTRY, {**entry, **changes})
        return self

    def opened(self, stage: str = "papers") -> "Desk":
        if self.state.stage(stage).config.talk_seconds:
            self.contest.draw(stage, "all")
        self.contest.assign(stage, "all")
        self.contest.say(Kind.OPENED, {"stage": stage})
        self.watch.passes(60)
        return self

    def statement(self, kind: Kind, author: str, data: Mapping[str, Any], key: str = "") -> Statement:
        return signed_statement("spring", kind, author, self.watch.now, data, made_up_key(key or author))

    def score(self, stage: str, entry: str, judge: str, idea: str = "80", team: str = "70", **more: Any) -> Statement:
        marks = more.pop("marks", {"idea": idea, "team": team})
        return score_statement(
            self.state, stage, entry, judge, marks, made_up_key(more.get("key", judge)), more.get("at", self.watch.now)
        )

    def correction(
        self, stage: str, entry: str, judge: str, marks: Mapping[str, str] | None, reason: str, author: str = ""
    ) -> Statement:
        who = author or judge
        return correction_statement(self.state, stage, entry, judge, marks, reason, made_up_key(who), self.watch.now, who)

    def scored(self, stage: str = "papers", mark: Callable[[str, str], float] = lambda _entry, _judge: 80) -> "Desk":
        for entry, judges in self.state.stage(stage).plan.items():
            for judge in judges:
                self.watch.passes(1)
                self.contest.submit(self.score(stage, entry, judge, f"{mark(entry, judge):.2f}", f"{mark(entry, judge):.2f}"))
        return self

    def finished(self, stage: str = "papers") -> "Desk":
        self.contest.say(Kind.CLOSED, {"stage": stage})
        self.contest.say(Kind.FINALIZED, {"stage": stage})
        return self

    def refused(self, statement: Statement) -> str:
        """Submit what must be refused; return the reason, which must be the last thing in the log."""
        receipt: Receipt = self.contest.submit_all([statement])[0]
        assert receipt.refused is not None
        assert self.state.refusals[-1].reason == receipt.refused.reason
        assert self.state.refusals[-1].seq == receipt.seq == self.state.seq
        return receipt.refused.reason


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def judging() -> Desk:
    """Papers are being judged: six entries, three judges each."""
    return Desk().with_entries().opened()
