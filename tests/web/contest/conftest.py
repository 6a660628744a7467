"""A contest that is served: six entries, papers being judged, keys of organiser and judges beside the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.contest.conftest import JUDGES, document
from tests.web.conftest import Base, Browser, served

from vehiclenest.contest import KEEPER, Contest, FileStore, Kind
from vehiclenest.contest.config import as_config
from vehiclenest.contest.keys import load_key, made_up_key, save_key
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.policy import Role


def make_contest(folder: Path, **changes: Any) -> Path:
    """Make a contest in a folder, as `vnest contest new` does, with entries; nothing is judged yet. Papers are presented on stage."""
    papers, final = document()["stages"]
    changes = {"stages": [{**papers, "talk_seconds": 480, "questions_seconds": 300}, final], **changes}
    for name in (KEEPER, *JUDGES):
        save_key(made_up_key(name), folder / "keys" / f"{name}.pem")
    (folder / "log.jsonl").touch()
    contest = Contest.create(as_config(document(**changes)), FileStore(folder / "log.jsonl"), made_up_key(KEEPER))
    for number in range(1, 7):
        contest.say(
            Kind.ENTRY,
            {
                "id": f"E{number}",
                "name": f"Idea {number}",
                "name_zh": f"创意{number}",
                "group": "all",
                "organisation": f"Works {number}",
                "province": "Hebei",
                "details": {"report": f"https://example.com/{number}", "note": "javascript:alert(1)", "claims": "Sound zones"},
            },
        )
    return folder


def at_work(folder: Path) -> Contest:
    """Return the contest as another process has it: a command, or another worker."""
    return Contest(FileStore(folder / "log.jsonl"), load_key(folder / "keys" / f"{KEEPER}.pem"))


@dataclass(slots=True)
class Hosted:
    """A served base with a contest."""

    base: Base
    folder: Path

    @property
    def hall(self) -> Hall:
        live = self.base.application.contest
        assert live is not None
        return live.hall

    def judge(self, judge: str) -> Browser:
        return self.base.browser(Role.JUDGE, judge.lower())

    def mine(self, judge: str) -> list[str]:
        """Return the entries of a judge's plan."""
        with self.hall.reading() as state:
            return [entry for entry, judges in state.stages["papers"].plan.items() if judge in judges]

    def assigned(self) -> tuple[str, str, str]:
        """Return an entry with two of its judges."""
        with self.hall.reading() as state:
            entry, judges = next(iter(state.stages["papers"].plan.items()))
        return entry, judges[0], judges[1]


def open_papers(folder: Path) -> None:
    contest = at_work(folder)
    contest.draw("papers", "all", "seed")
    contest.assign("papers", "all")
    contest.say(Kind.OPENED, {"stage": "papers"})


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    folder = make_contest(tmp_path / "spring")
    open_papers(folder)
    for base in served(tmp_path, folder):
        yield Hosted(base, folder)
