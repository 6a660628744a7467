"""Records of the register of claims: what is claimed, what a bench found, and what was kept of it."""

from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vehiclenest.core.verdict import ClaimVerdict, claim_verdict

Operator = Literal[">=", ">", "<=", "<"]
_SIGNS: dict[Operator, str] = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Record):
    """Where a claim or its baseline was read, and how far it can be trusted (S read in a source, U unverified)."""

    title: str
    date: str
    tag: Literal["S", "M", "U"]


class Claim(_Record):
    """A technical claim of an entry.

    Parameters
    ----------
    value, unit
        What is claimed; no value where the entry names no figure.
    conditions
        Under which it is claimed, or has to be read.
    source
        Key of [sources].
    room, bench
        The room of the house that it is measured with, and the module of `benches` that does.
    baseline
        What a comparison compares with, with its source.
    """

    id: str
    entry: str
    quantity: str
    operator: Operator
    value: float | None = Field(default=None, allow_inf_nan=False)
    unit: str
    conditions: str
    source: str
    room: str
    bench: str
    baseline: str = ""

    @property
    def claimed(self) -> str:
        """The claim as it reads, such as ≥ 0.99."""
        return f"{_SIGNS[self.operator]} {'a figure not named' if self.value is None else f'{self.value:,.10g}'}"


class Finding(_Record):
    """What a bench found.

    Parameters
    ----------
    measured, low, high
        The value with its interval, in the unit of the claim; None where nothing could be measured.
    conditions
        Under which it was measured.
    depends_on
        What decides, where the verdict is that it depends.
    missing
        What would be needed, where it cannot be judged.
    unverified
        Names of unverified figures behind it.
    """

    verdict: ClaimVerdict
    measured: float | None = Field(default=None, allow_inf_nan=False)
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    conditions: str = ""
    depends_on: str = ""
    missing: str = ""
    unverified: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_what_it_must(self) -> Self:
        if self.verdict in {ClaimVerdict.HOLDS, ClaimVerdict.FAILS} and self.measured is None:
            raise ValueError(f"the verdict {self.verdict} needs a measured value")
        if self.verdict is ClaimVerdict.DEPENDS and not self.depends_on:
            raise ValueError("a claim that depends names on what")
        if self.verdict is ClaimVerdict.CANNOT_BE_JUDGED and not self.missing:
            raise ValueError("a claim that cannot be judged names what is missing")
        return self

    @classmethod
    def of_interval(
        cls,
        claim: Claim,
        measured: float,
        low: float,
        high: float,
        conditions: str,
        depends_on: str = "",
        unverified: tuple[str, ...] = (),
    ) -> Self:
        """Return the finding of a measured value with its interval, held against the claim; `depends_on` says what spreads it."""
        if claim.value is None:
            return cls(
                verdict=ClaimVerdict.CANNOT_BE_JUDGED,
                measured=measured,
                low=low,
                high=high,
                conditions=conditions,
                missing="the figure that is claimed",
                unverified=unverified,
            )
        verdict = claim_verdict(claim.operator, claim.value, low, high)
        what = (depends_on or "where in its interval the true value lies") if verdict is ClaimVerdict.DEPENDS else ""
        return cls(
            verdict=verdict, measured=measured, low=low, high=high, conditions=conditions, depends_on=what, unverified=unverified
        )


class Bench(Protocol):
    """What a module of `benches` offers."""

    def measure(self, claim: Claim) -> Finding:
        """Measure a claim with the house's own room."""
        ...


class Measurement(_Record):
    """A finding as it is kept: of which claim, when, on which machine, by which version."""

    claim: Claim
    finding: Finding
    time: str
    machine: str
    version: str
