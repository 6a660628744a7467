"""Geometry and marking together: a product of likelihoods with an explicit unknown (Bayes, independence given the part)."""

from collections.abc import Mapping

from vehiclenest.core.errors import InputError

UNKNOWN = "unknown"


def fuse(
    geometry: Mapping[str, float], marking: Mapping[str, float], *, unknown: float = 0.01, floor: float = 1e-3
) -> dict[str, float]:
    """Return the probability of each part and of `UNKNOWN` from both kinds of evidence, the most likely first.

    With an even prior each posterior is a likelihood up to a factor, so p(part) ∝ geometry(part) · marking(part). What is missing on
    one side counts as `floor` there: neither may rule a part out alone, for a mark can be misread and a housing swapped. The unknown is
    likely by what each side says of it, `unknown` where a side does not. A side that says nothing at all (empty) leaves the other alone.

    Raises
    ------
    InputError
        Where a likelihood is negative or no number.
    """
    for side, values in (("geometry", geometry), ("marking", marking)):
        for name, value in values.items():
            if not 0 <= value < float("inf"):
                raise InputError(f"{side} gives {name!r} the likelihood {value}", expected="a number from 0 up")
    names = dict.fromkeys((*geometry, *marking, UNKNOWN))
    sides = [_shares(values, unknown) for values in (geometry, marking) if values]
    products = dict.fromkeys(names, 1.0)
    for side in sides:
        for name in names:
            products[name] *= max(side.get(name, 0.0), 0.0 if name == UNKNOWN else floor)
    total = sum(products.values())
    if total <= 0 or not sides:
        return {UNKNOWN: 1.0}
    return dict(sorted(((name, value / total) for name, value in products.items()), key=lambda pair: -pair[1]))


def _shares(values: Mapping[str, float], unknown: float) -> dict[str, float]:
    whole = {UNKNOWN: unknown, **values}
    total = sum(whole.values())
    return {name: value / total for name, value in whole.items()} if total > 0 else {UNKNOWN: 1.0}
