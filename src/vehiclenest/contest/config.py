"""The contest as its organiser writes it in TOML: groups with criteria and prizes, stages with schemes and cuts, judges."""

import tomllib
from collections.abc import Hashable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from vehiclenest.contest.scoring.table import number
from vehiclenest.core.errors import InputError, Where

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SchemeName = Literal["mean", "trimmed_mean", "severity", "pairwise", "z_score"]
TieRule = Literal["earlier_stage", "heaviest_criterion", "lot"]
_MARK_DECIMALS, _WEIGHT_DECIMALS = 2, 4  # so that mark times weight is a whole number of millionths


def _decimals(most: int) -> AfterValidator:
    def check(value: Decimal) -> Decimal:
        if not value.is_finite() or -int(value.as_tuple().exponent) > most:
            raise ValueError(f"a number with up to {most} decimals")
        return value

    return AfterValidator(check)


Mark = Annotated[Decimal, _decimals(_MARK_DECIMALS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Criterion(_Part):
    """What judges mark, with its weight in the group's score."""

    id: Identifier
    name: Name
    name_zh: str = ""
    weight: Annotated[Decimal, Field(gt=0, le=1), _decimals(_WEIGHT_DECIMALS)]


class Prize(_Part):
    """A prize and how many entries get it."""

    id: Identifier
    name: Name
    name_zh: str = ""
    places: int = Field(ge=1)


class Group(_Part):
    """Entries that compete with each other."""

    id: Identifier
    name: Name
    name_zh: str = ""
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    prizes: tuple[Prize, ...] = ()
    recommend: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _unique("criterion", (criterion.id for criterion in self.criteria))
        _unique("prize", (prize.id for prize in self.prizes))
        if sum(criterion.weight for criterion in self.criteria) != 1:
            raise ValueError(f"the weights of group {self.id} sum to {sum(c.weight for c in self.criteria)}; 1 is right")
        return self

    @property
    def heaviest(self) -> Criterion:
        """The criterion of the greatest weight, the first of several."""
        return max(self.criteria, key=lambda criterion: criterion.weight)


class Stage(_Part):
    """One round of judging.

    Parameters
    ----------
    scheme
        How scores become a result.
    judges_per_entry
        How many judges score each entry.
    lowest, highest
        Bounds of a mark.
    talk_seconds, questions_seconds
        The stage clock; 0 where documents are judged.
    live
        Whether the public sees results while the stage is judged; otherwise once it is finalized.
    same_province
        Whether a judge from the entry's province is excluded; of the same organisation he always is.
    ties
        What decides between equal results, in this order; where nothing does, the place is shared.
    advance
        How many entries of each group go on; empty in the last stage.
    """

    id: Identifier
    name: Name
    name_zh: str = ""
    scheme: SchemeName
    judges_per_entry: int = Field(ge=1)
    lowest: Mark = Decimal(0)
    highest: Mark = Decimal(100)
    talk_seconds: int = Field(default=0, ge=0)
    questions_seconds: int = Field(default=0, ge=0)
    live: bool = True
    same_province: bool = False
    ties: tuple[TieRule, ...] = ("earlier_stage", "heaviest_criterion", "lot")
    advance: dict[Identifier, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.lowest < self.highest:
            raise ValueError(f"marks of stage {self.id} go from {self.lowest} to {self.highest}; the lowest comes first")
        least = int(number("trimmed_mean", "least_scores"))
        if self.scheme == "trimmed_mean" and self.judges_per_entry < least:
            raise ValueError(
                f"stage {self.id} drops the highest and lowest of {self.judges_per_entry} scores; it takes at least {least}"
            )
        return self


class Judge(_Part):
    """Somebody who scores. `public_key` is his own Ed25519 key; where it is missing, one is made for him."""

    id: Identifier
    name: Name
    organisation: str = ""
    province: str = ""
    groups: tuple[Identifier, ...] = ()
    stages: tuple[Identifier, ...] = ()
    reserve: bool = False
    public_key: str = ""

    def judges(self, stage: str, group: str) -> bool:
        """Return whether the judge sits in this stage and group; no list means all."""
        return (not self.stages or stage in self.stages) and (not self.groups or group in self.groups)


class Config(_Part):
    """The whole contest. `made_up` says that its entries, scores and keys are invented and prove nothing."""

    id: Identifier
    name: Name
    name_zh: str = ""
    made_up: bool = False
    clock_skew_seconds: int = Field(default=120, ge=0)
    groups: tuple[Group, ...] = Field(min_length=1)
    stages: tuple[Stage, ...] = Field(min_length=1)
    judges: tuple[Judge, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, parts in (("group", self.groups), ("stage", self.stages), ("judge", self.judges)):
            _unique(what, (part.id for part in parts))
        groups, stages = {group.id for group in self.groups}, {stage.id for stage in self.stages}
        if KEEPER in {judge.id for judge in self.judges}:
            raise ValueError(f"no judge can be called {KEEPER}")
        for judge in self.judges:
            _known(f"judge {judge.id}", "group", judge.groups, groups)
            _known(f"judge {judge.id}", "stage", judge.stages, stages)
        for stage in self.stages:
            last = stage is self.stages[-1]
            if set(stage.advance) != (set() if last else groups):
                right = "none, it is the last" if last else f"places for {', '.join(sorted(groups))}"
                raise ValueError(f"stage {stage.id} advances {', '.join(sorted(stage.advance)) or 'nobody'}; {right}")
            for group in self.groups:
                self._enough_judges(stage, group)
        return self

    def _enough_judges(self, stage: Stage, group: Group) -> None:
        panel = [judge for judge in self.judges if judge.judges(stage.id, group.id) and not judge.reserve]
        if len(panel) < stage.judges_per_entry:
            raise ValueError(
                f"stage {stage.id}, group {group.id} has {len(panel)} judges, reserve not counted; "
                f"{stage.judges_per_entry} an entry are needed"
            )


KEEPER = "organiser"  # author of everything that is not a judge's


def _unique(what: str, identifiers: Iterable[Hashable]) -> None:
    seen: set[Hashable] = set()
    for identifier in identifiers:
        if identifier in seen:
            raise ValueError(f"{what} {identifier} is there twice")
        seen.add(identifier)


def _known(who: str, what: str, named: Iterable[str], known: set[str]) -> None:
    for name in named:
        if name not in known:
            raise ValueError(f"{who} names {what} {name}; there are {', '.join(sorted(known))}")


def read_config(path: Path) -> Config:
    """Read CONFIG.toml; raise `InputError` that says which field is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a TOML file", where=Where(str(path))) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"is no TOML: {error}", expected="a TOML file in UTF-8", where=Where(str(path))) from None
    return as_config(document, str(path))


def as_config(document: Any, file: str | None = None) -> Config:
    """Check a configuration that is a plain object; raise `InputError` that says which field is wrong."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(message, where=Where(file, field=field or None)) from None
