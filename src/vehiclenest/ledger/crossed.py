"""The flows of a span crossed: mass by stage and substance, energy by stage and carrier, money by stage and purpose."""

# Ibis and PyArrow type their expressions in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from vehiclenest.ledger.balance import Span
from vehiclenest.ledger.columns import Columns
from vehiclenest.ledger.model import Flow

Side = Literal["stage", "material"]
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Crossed:
    """Sums of a span; a stage is a business step as events name it, empty where they name none.

    `mass_kg` by (stage, material, flow); `energy_kwh` by (stage, carrier); `money` by (stage, purpose, currency), paid is negative.
    """

    mass_kg: Mapping[tuple[str, str, str], float]
    energy_kwh: Mapping[tuple[str, str], float]
    money: Mapping[tuple[str, str, str], Decimal]

    def masses(self, by: Side, stage: str = "", material: str = "") -> list[dict[str, Any]]:
        """Return rows by stage or by material, the largest first: its name and kg of each flow, of one stage or material where named."""
        found: defaultdict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys((f"{flow.value}_kg" for flow in Flow), 0.0))
        for (one_stage, one_material, flow), kg in self.mass_kg.items():
            if stage in {"", one_stage} and material in {"", one_material}:
                found[one_stage if by == "stage" else one_material][f"{flow}_kg"] += kg
        ordered = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
        return [{by: name, **sums} for name, sums in ordered]

    def stages(self) -> list[str]:
        """Return the stages that anything happened in, by name."""
        return sorted({key[0] for sums in (self.mass_kg, self.energy_kwh, self.money) for key in sums})

    def materials(self) -> list[str]:
        """Return the substances that moved, by name."""
        return sorted({material for _, material, _ in self.mass_kg})


def crossed(columns: Columns, span: Span | None = None) -> Crossed:
    """Return the flows of a span by stage."""
    within = span or Span()
    event = columns.table("event").select("event_seq", "biz_step")
    material, energy, money = (
        within.of(columns.table(name)).inner_join(event, "event_seq") for name in ("material", "energy", "money")
    )
    mass = columns.rows(material.group_by("biz_step", "material", "flow").agg(kg=material.kg.sum()))
    used = columns.rows(energy.group_by("biz_step", "carrier").agg(kwh=energy.kwh.sum()))
    paid = columns.rows(money.group_by("biz_step", "purpose", "currency").agg(total=money.amount_e4.sum()))
    return Crossed(
        {(row["biz_step"], row["material"], row["flow"]): row["kg"] for row in mass},
        {(row["biz_step"], row["carrier"]): row["kwh"] for row in used},
        {
            (row["biz_step"], row["purpose"], row["currency"]): Decimal(int(row["total"])).scaleb(-4).quantize(_CENT)
            for row in paid
        },
    )
