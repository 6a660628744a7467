"""The model contest, played through with made-up entries, judges, scores, keys and times: the same log at every run.

What happens in it on purpose: a conflict of interest declared and a reserve judge stepping in, a score corrected and one withdrawn, each
kind of refusal, a scoreboard frozen and thawed.
"""

import random
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from vehiclenest.contest.config import KEEPER, Config, as_config
from vehiclenest.contest.engine import Contest, correction_statement, score_statement
from vehiclenest.contest.keys import made_up_key, public_text
from vehiclenest.contest.log import Statement, signed_statement
from vehiclenest.contest.model import ClockPhase, Kind
from vehiclenest.contest.state import State
from vehiclenest.contest.store import EventStore

_CONFIG = Path(__file__).parent / "examples" / "model-contest.toml"
_BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine in the morning in China
_SEED = 183
_ENTRIES = {"enterprise": 110, "startup": 73}
_REVIEWERS = {"enterprise": 20, "startup": 14}
_PANEL = 7
_PROVINCES = (
    "Anhui", "Chongqing", "Fujian", "Gansu", "Guangdong", "Guangxi", "Guizhou", "Hebei", "Heilongjiang", "Henan", "Hubei",
    "Hunan", "Jiangsu", "Jiangxi", "Jilin", "Liaoning", "Shaanxi", "Shandong", "Shanghai", "Sichuan", "Tianjin", "Zhejiang",
)  # fmt: skip
_WHAT = (
    ("Laser cladding of", "激光熔覆"), ("Robot dismantling of", "机器人拆解"), ("Scan inspection of", "扫描检测"),
    ("Second life of", "梯次利用"), ("Plasma cleaning of", "等离子清洗"), ("Digital passport of", "数字护照"),
    ("Cold-spray repair of", "冷喷涂修复"), ("Sorting of", "智能分选"), ("Refurbishing of", "翻新"),
    ("Life prediction of", "寿命预测"), ("Trade platform for", "交易平台"), ("Low-carbon recycling of", "低碳回收"),
)  # fmt: skip
_OF_WHAT = (
    ("gearboxes", "变速箱"), ("traction batteries", "动力电池"), ("engine blocks", "发动机缸体"), ("turbochargers", "涡轮增压器"),
    ("brake discs", "制动盘"), ("electric motors", "驱动电机"), ("wiring harnesses", "线束"), ("catalysts", "催化器"),
    ("steering gears", "转向器"), ("power electronics", "电力电子"), ("body panels", "车身覆盖件"), ("seats", "座椅"),
)  # fmt: skip
_MEAN_MARK, _BY_QUALITY, _BY_CRITERION, _BY_SEVERITY, _BY_CHANCE = 76.0, 7.0, 2.0, 2.2, 2.6
_REASON_CORRECTED = "typed 7 for 9 in the first mark"
_REASON_WITHDRAWN = "scored while the connection was lost for the whole talk"


def play(store: EventStore) -> Contest:
    """Play the model contest into an empty store and return it, finished."""
    return _Play(store).through()


class _Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = _BEGIN

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **lapse: float) -> None:
        self.now += timedelta(**lapse)


class _Play:
    def __init__(self, store: EventStore) -> None:
        self.chance = random.Random(_SEED)  # noqa: S311  # made-up scores, the same at every run
        self.watch = _Watch()
        self.config = _config()
        self.contest = Contest.create(self.config, store, made_up_key(KEEPER), self.watch)
        self.severity = {judge.id: self.chance.gauss(0, _BY_SEVERITY) for judge in self.config.judges}
        self.quality: dict[str, float] = {}

    @property
    def state(self) -> State:
        return self.contest.state

    def through(self) -> Contest:
        self.watch.passes(days=1)
        entries = list(self._entries())
        self.contest.say_all(Kind.ENTRY, entries)
        self._preliminary()
        for stage in ("semi-final", "final"):
            self._on_stage(stage)
        self.watch.passes(hours=1)
        self.contest.award()
        return self.contest

    def _entries(self) -> Iterator[dict[str, Any]]:
        names = [(f"{what} {of}", f"{of_zh}{what_zh}") for of, of_zh in _OF_WHAT for what, what_zh in _WHAT]
        self.chance.shuffle(names)
        number = 0
        for group, count in _ENTRIES.items():
            for _ in range(count):
                number += 1
                (name, name_zh), round_ = names[number % len(names)], number // len(names)
                province = _PROVINCES[number % len(_PROVINCES)]
                identifier = f"{group[0].upper()}{number:03d}"
                self.quality[identifier] = self.chance.gauss(0, 1)
                yield {
                    "id": identifier,
                    "name": name + (" II" if round_ else ""),
                    "name_zh": name_zh + ("（二）" if round_ else ""),
                    "group": group,
                    "organisation": f"{province} made-up {'works' if group == 'enterprise' else 'lab'} {number}",
                    "province": province,
                    "details": {"team": str(self.chance.randint(3, 12))},
                }

    def _preliminary(self) -> None:
        stage = "preliminary"
        self.watch.passes(days=5)
        for group in self.state.groups:
            self._unconnected(stage, group)
            self.contest.assign(stage, group)
        self._open(stage)
        for entry, judges in list(self.state.stage(stage).plan.items()):
            for judge in judges:
                self.watch.passes(seconds=self.chance.randint(200, 900))
                self._submit(self._score(stage, entry, judge))
        self._refusals(stage)
        self._corrections(stage)
        self._finish(stage)
        self.contest.advance(stage)

    def _on_stage(self, stage: str) -> None:
        self.watch.passes(days=14)
        if stage == "semi-final":
            self._declare(stage)
        for group in self.state.groups:
            self.contest.draw(stage, group)
            self.contest.assign(stage, group)
        self._open(stage)
        for group in self.state.groups:
            order = self.state.stage(stage).order[group]
            for place, entry in enumerate(order):
                if stage == "final" and group == list(self.state.groups)[-1] and place == len(order) - 5:
                    self.contest.say(Kind.FROZEN, {"stage": stage})
                self._present(stage, entry)
            self.watch.passes(hours=12)
        self._finish(stage)
        if stage != "final":
            self.contest.advance(stage)

    def _present(self, stage: str, entry: str) -> None:
        config = self.state.stage(stage).config
        lapses = {ClockPhase.CALLED: 60, ClockPhase.TALK: config.talk_seconds, ClockPhase.QUESTIONS: config.questions_seconds}
        for phase in ClockPhase:
            self.contest.say(Kind.CLOCK, {"stage": stage, "entry": entry, "phase": phase.value})
            self.watch.passes(seconds=lapses.get(phase, 0))
        for judge in self.state.stage(stage).plan[entry]:
            self.watch.passes(seconds=self.chance.randint(2, 12))
            self._submit(self._score(stage, entry, judge))

    def _open(self, stage: str) -> None:
        self.watch.passes(hours=2)
        self.contest.say(Kind.OPENED, {"stage": stage})

    def _finish(self, stage: str) -> None:
        self.contest.say(Kind.CLOSED, {"stage": stage})
        entry = next(iter(self.state.stage(stage).plan))
        self._submit(self._score(stage, entry, self.state.stage(stage).plan[entry][0]))
        if self.state.stage(stage).scoreboard == "frozen":
            self.contest.say(Kind.THAWED, {"stage": stage})
        self.watch.passes(days=1)
        self.contest.say(Kind.FINALIZED, {"stage": stage})

    def _declare(self, stage: str) -> None:
        """Let a judge of the panel know a team: the reserve steps in there."""
        judge = next(judge.id for judge in self.config.judges if judge.judges(stage, "enterprise"))
        entry = self.state.stage(stage).entries["enterprise"][3]
        data = {"judge": judge, "entry": entry, "reason": "advised the team last year"}
        self._submit(signed_statement(self.config.id, Kind.CONFLICT, judge, self.watch.now, data, made_up_key(judge)))

    def _score(self, stage: str, entry: str, judge: str) -> Statement:
        return score_statement(
            self.state, stage, entry, judge, self._marks(stage, entry, judge), made_up_key(judge), self.watch.now
        )

    def _marks(self, stage: str, entry: str, judge: str) -> dict[str, str]:
        group = self.state.groups[self.state.entries[entry].group]
        config = self.state.stage(stage).config
        taste = self.chance.gauss(0, _BY_CHANCE)
        marks: dict[str, str] = {}
        for criterion in group.criteria:
            mark = (
                _MEAN_MARK
                + _BY_QUALITY * self.quality[entry]
                + self.severity[judge]
                + taste
                + self.chance.gauss(0, _BY_CRITERION)
            )
            halves = Decimal(round(2 * mark)) / 2
            marks[criterion.id] = str(min(max(halves, config.lowest), config.highest))
        return marks

    def _submit(self, statement: Statement) -> None:
        self.contest.submit_all([statement])

    def _unconnected(self, stage: str, group: str) -> None:
        """Try a plan in which blocks of judges stay among themselves: it is refused."""
        entries = self.state.stage(stage).entries[group]
        judges = [judge.id for judge in self.config.judges if judge.judges(stage, group)]
        blocks = [judges[begin : begin + 3] for begin in range(0, len(judges) - 2, 3)]
        plan = {entry: self._free(blocks, entry, stage) for entry in entries}
        data = {"stage": stage, "group": group, "seed": "by hand", "plan": plan}
        self._submit(signed_statement(self.config.id, Kind.ASSIGNED, KEEPER, self.watch.now, data, made_up_key(KEEPER)))

    def _free(self, blocks: Sequence[Sequence[str]], entry: str, stage: str) -> list[str]:
        free = [block for block in blocks if not any(self.state.conflict(judge, entry, stage) for judge in block)]
        return list(free[self.chance.randrange(len(free))])

    def _refusals(self, stage: str) -> None:
        """Try everything that is refused, once."""
        plan = self.state.stage(stage).plan
        entry, judges = list(plan.items())[7]
        judge, key = judges[0], made_up_key(judges[0])
        marks = self._marks(stage, entry, judge)
        now, state = self.watch.now, self.state
        stranger = "stranger"
        first, *others = marks
        wrong = [
            score_statement(state, stage, entry, judge, marks, key, now),
            score_statement(state, stage, entry, stranger, marks, made_up_key(stranger), now),
            correction_statement(state, stage, entry, judge, {**marks, first: "120"}, "a slip", key, now),
            correction_statement(state, stage, entry, judge, {name: marks[name] for name in others}, "a slip", key, now),
            correction_statement(state, stage, entry, judge, marks, "", key, now),
            correction_statement(state, stage, entry, judge, marks, "a slip", key, now + timedelta(hours=1)),
            correction_statement(state, stage, entry, judge, marks, "a slip", made_up_key(stranger), now),
        ]
        self.contest.submit_all(wrong)

    def _corrections(self, stage: str) -> None:
        plan = list(self.state.stage(stage).plan.items())
        (one, judges), (other, other_judges) = plan[11], plan[12]
        judge = judges[0]
        marks, key = self._marks(stage, one, judge), made_up_key(judge)
        self.watch.passes(minutes=5)
        self._submit(correction_statement(self.state, stage, one, judge, marks, _REASON_CORRECTED, key, self.watch.now))
        judge, keeper = other_judges[1], made_up_key(KEEPER)
        now = self.watch.now
        self._submit(correction_statement(self.state, stage, other, judge, None, _REASON_WITHDRAWN, keeper, now, KEEPER))
        self.watch.passes(hours=3)
        marks, key = self._marks(stage, other, judge), made_up_key(judge)
        again = "scored anew after seeing the recording"
        self._submit(correction_statement(self.state, stage, other, judge, marks, again, key, self.watch.now))


def _config() -> Config:
    document = tomllib.loads(_CONFIG.read_text(encoding="utf-8"), parse_float=Decimal)
    document["judges"] = [{**judge, "public_key": public_text(made_up_key(judge["id"]))} for judge in _judges()]
    return as_config(document, str(_CONFIG.name))


def _judges() -> Iterator[dict[str, Any]]:
    """Give reviewers of documents and a panel with one reserve for each group; some come from where entries come from."""
    for group, count in _REVIEWERS.items():
        for number in range(1, count + 1):
            province = _PROVINCES[(3 * number) % len(_PROVINCES)]
            yield _judge(f"R-{group[0].upper()}{number:02d}", f"Reviewer {number}", province, group, ["preliminary"])
    for group in _ENTRIES:
        for number in range(1, _PANEL + 2):
            name = f"Judge {number}" if number <= _PANEL else "Reserve judge"
            made = _judge(
                f"P-{group[0].upper()}{number}", name, _PROVINCES[(5 * number) % len(_PROVINCES)], group, ["semi-final", "final"]
            )
            yield made | {"reserve": number > _PANEL}


def _judge(identifier: str, name: str, province: str, group: str, stages: list[str]) -> dict[str, Any]:
    organisation = f"{province} made-up institute of {identifier}"
    return {
        "id": identifier,
        "name": f"{name} ({group})",
        "province": province,
        "organisation": organisation,
        "groups": [group],
        "stages": stages,
    }
