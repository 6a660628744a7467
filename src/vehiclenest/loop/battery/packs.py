"""What packs give: a discharge of groups in series with modules in parallel, current shared by resistance and state of charge.

Each module is a linear open-circuit voltage behind a resistance. Charged together to full, a pack stands for the time between two
balancings (self-discharge), then gives a constant current until its first group falls to the least voltage or holds nothing more.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.constants import load_table
from vehiclenest.loop.battery.match import Indices, Layout, Modules, usable

Array = NDArray[np.float64]
_TABLE = Path(__file__).with_name("match.toml")
_STEPS = 400


def energy_kwh(modules: Modules, packs: Indices, site: Path | None = None) -> Array:
    """Return the energy in kWh that each pack gives in one discharge.

    Parameters
    ----------
    modules
        All modules.
    packs
        Numbers of modules, shape (packs, series, parallel).
    """
    table = load_table(_TABLE, site)
    cell, use = table["cell"], table["use"]
    full, empty, least = (cell.number(name) for name in ("voltage_full", "voltage_empty", "least_voltage"))
    capacity = modules.capacity[packs]
    resistance = modules.resistance[packs] / 1000.0
    held = usable(modules, site)[packs] / capacity
    slope = full - empty
    mean_capacity = capacity.sum(axis=2).mean(axis=1)
    current = use.number("rate") * mean_capacity
    hours = mean_capacity / current * 1.05 / _STEPS
    conductance = (1.0 / resistance).sum(axis=2)
    energy = np.zeros(len(packs))
    running = np.ones(len(packs), dtype=bool)
    for _ in range(_STEPS):
        source = empty + slope * held
        group = ((source / resistance).sum(axis=2) - current[:, None]) / conductance
        running &= (group.min(axis=1) > least) & (held.mean(axis=2).min(axis=1) > 0.0)
        if not running.any():
            break
        energy += np.where(running, group.sum(axis=1) * current * hours, 0.0)
        share = (source - group[:, :, None]) / resistance
        held = held - np.where(running, hours, 0.0)[:, None, None] * share / capacity
    return energy / 1000.0


def dealt(order: Indices, layout: Layout) -> Indices:
    """Return packs of modules in the order given, without any thought of their groups."""
    count = len(order) // layout.modules
    return order[: count * layout.modules].reshape(count, layout.series, layout.parallel)


def simulated_modules(count: int, seed: int, site: Path | None = None) -> Modules:
    """Return modules that are simulated, not measured: spreads as in the table `simulated`, SOH and resistance correlated."""
    row = load_table(_TABLE, site)["simulated"]
    random = np.random.default_rng(seed)
    health, other = random.standard_normal(count), random.standard_normal(count)
    correlation = row.number("correlation")
    resistance = correlation * health + np.sqrt(1.0 - correlation**2) * other
    soh = np.clip(row.number("soh_mean") + row.number("soh_spread") * health, 0.3, 1.05)
    return Modules(
        tuple(f"SIM-{number:06d}" for number in range(1, count + 1)),
        row.number("nominal_capacity") * soh,
        row.number("nominal_resistance") * np.exp(row.number("resistance_spread") * resistance),
        row.number("open_circuit_mean") + row.number("open_circuit_spread") * random.standard_normal(count),
        row.number("self_discharge_mean") * np.exp(row.number("self_discharge_spread") * random.standard_normal(count)),
    )
