"""Weights of every loudspeaker for every zone's programme, at each frequency: pressure matching, contrast control and what lies between.

Method: joint diagonalisation of the spatial correlation in the bright and the dark zones; keeping all vectors is pressure matching,
keeping the first is acoustic contrast control, keeping some of them trades one against the other (Lee, Nielsen and Christensen, A unified
approach to generating sound zones using variable span linear filters, ICASSP 2018). Robust by stacking the responses of every condition,
and by weighting a dark zone under a condition the more, the louder it stays (towards the best worst case).
"""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
Method = Literal["pm", "acc", "vast"]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a design strives for.

    Attributes
    ----------
    method
        pm, acc or vast; `span` is how many vectors vast keeps.
    effort_db
        Most effort over the least with which the zone alone reaches the level.
    rounds, sharpness
        Rounds of reweighting of the dark zones, and the power of a zone's energy by which its weight grows in a round.
    """

    method: Method = "acc"
    span: int = 2
    effort_db: float = 6.0
    rounds: int = 2
    sharpness: float = 0.3


def correlations(transfer: Complex, seat: NDArray[np.int64], seats: int) -> Complex:
    """Return the spatial correlation of each seat, mean of h* hᵀ over its receivers, shape (seats, frequencies, speakers, speakers).

    Parameters
    ----------
    transfer
        Shape (receivers, loudspeakers, frequencies).
    seat
        Seat of each receiver, shape (receivers,).
    """
    out: list[Complex] = []
    for index in range(seats):
        own = transfer[seat == index]
        out.append(cast("Complex", np.einsum("plf,pmf->flm", own.conj(), own, optimize=True) / len(own)))
    return np.stack(out)


def energy(weights: Complex, correlation: Complex) -> Real:
    """Return w* R w, shape (…, frequencies), for weights (frequencies, speakers) and R (…, frequencies, speakers, speakers)."""
    return np.maximum(np.einsum("fl,...flm,fm->...f", weights.conj(), correlation, weights, optimize=True).real, 1e-300)


def least_effort(bright: Complex) -> Real:
    """Return the most energy that weights of norm 1 bring to a zone alone, shape (frequencies,); its inverse is the least effort."""
    return np.asarray(np.linalg.eigvalsh(bright)[..., -1], np.float64)


def zone_weights(by_condition: Complex, zone: int, plain: Complex, aim: Aim) -> Complex:
    """Return the weights of one zone's programme, shape (frequencies, loudspeakers).

    Parameters
    ----------
    by_condition
        Correlations, shape (conditions, seats, frequencies, speakers, speakers); the first condition is the nominal one.
    zone
        The bright seat.
    plain
        Weights without any design, shape (frequencies, loudspeakers): the zone's own loudspeakers. Their sound there is the target.
    """
    bright = by_condition[:, zone].mean(axis=0)
    dark = np.delete(by_condition, zone, axis=1)
    shares = np.ones(dark.shape[:3])
    weights = plain
    for turn in range(aim.rounds + 1):
        weighted = np.einsum("cqf,cqflm->flm", shares, dark, optimize=True) / shares.sum(axis=(0, 1))[:, None, None]
        weights = _within_effort(bright, weighted, plain, aim)
        if turn < aim.rounds:
            contrast = energy(weights, dark) / energy(weights, by_condition[:, zone])[:, None]
            shares = shares * (contrast / contrast.mean(axis=(0, 1))) ** aim.sharpness
    target = energy(plain, by_condition[0, zone])
    return weights * np.sqrt(target / energy(weights, by_condition[0, zone]))[:, None]


def _within_effort(bright: Complex, dark: Complex, plain: Complex, aim: Aim) -> Complex:
    """Return weights with as little regularisation as the effort allows, from a ladder of ten steps at each frequency."""
    loading = np.trace(bright, axis1=1, axis2=2).real / bright.shape[-1]
    most = least_effort(bright)
    limit = 10 ** (aim.effort_db / 10)
    chosen: Complex = np.zeros_like(plain)
    open_ = np.ones(len(bright), bool)
    for step in np.logspace(-4, 1, 11):
        found = _solve(bright[open_], dark[open_], plain[open_], loading[open_] * step, aim)
        effort = np.sum(np.abs(found) ** 2, axis=1) * most[open_] / energy(found, bright[open_])
        chosen[open_] = found
        still = np.flatnonzero(open_)[effort > limit]
        open_ = np.zeros(len(bright), bool)
        open_[still] = True
        if not len(still):
            break
    return chosen


def _solve(bright: Complex, dark: Complex, plain: Complex, loading: Real, aim: Aim) -> Complex:
    """Return Σ u (u* r) / (λ + 1) over the vectors kept, or u (u* r) for one alone; r = R_bright · plain is the target's correlation."""
    speakers = bright.shape[-1]
    root = np.linalg.cholesky(dark + loading[:, None, None] * np.eye(speakers))
    inverse = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse @ bright @ inverse.conj().swapaxes(1, 2))
    kept = {"pm": speakers, "acc": 1, "vast": min(aim.span, speakers)}[aim.method]
    vectors = (inverse.conj().swapaxes(1, 2) @ vectors)[:, :, -kept:]
    matched = vectors.conj().swapaxes(1, 2) @ (bright @ plain[:, :, None])
    return (vectors @ (matched / (values[:, -kept:, None] + 1)))[:, :, 0]
