"""Which known part a marking names: weighted edit distance (Wagner and Fischer 1974) between what was read and known numbers.

Characters that look alike cost little to exchange. The likelihood of a number falls by `exp(-cost / _TEMPERATURE)`; an unknown
number is as likely as one that is `_UNKNOWN_COST` away. Both are estimates [U], to be learned from readings of one's own parts.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence

from vehiclenest.loop.inspect.marking.fusion import UNKNOWN
from vehiclenest.loop.inspect.marking.reader import Mark

_ALIKE = ("O0QD", "I1LT7", "Z2", "S5", "B8", "G6", "A4", "UV", "MN", "3B8", "CG", "EF", "PR")
_PAIRS = frozenset((a, b) for group in _ALIKE for a in group for b in group if a != b)
_ALIKE_COST, _OTHER_COST, _GAP_COST = 0.3, 1.0, 1.0
_TEMPERATURE = 0.25
_UNKNOWN_COST = 1.5
_LONGEST = 200  # characters of a mark that are compared


def normalised(text: str) -> str:
    """Return the letters and digits of a number, in capitals; spaces, dots and dashes are spelled as each likes."""
    return "".join(character for character in unicodedata.normalize("NFKC", text).upper() if character.isalnum())[:_LONGEST]


def match_marking(marks: Sequence[Mark], known: Mapping[str, Sequence[str]]) -> list[tuple[str, float]]:
    """Return the probability of each known part and of `UNKNOWN`, the most likely first; they sum to one.

    A code speaks for itself: its number matches exactly or not at all. Without marks every part is as likely as before, and the
    answer is even.

    Parameters
    ----------
    marks
        What was read in the picture.
    known
        Numbers that stand on each part, by the part's name.
    """
    names = [*known, UNKNOWN]
    read = [(normalised(mark.text), mark) for mark in marks]
    read = [(text, mark) for text, mark in read if text]
    if not read:
        return [(name, 1 / len(names)) for name in names]
    likelihoods = {name: _likelihood(read, numbers) for name, numbers in known.items()}
    likelihoods[UNKNOWN] = math.exp(-_UNKNOWN_COST / _TEMPERATURE)
    total = sum(likelihoods.values())
    return sorted(((name, value / total) for name, value in likelihoods.items()), key=lambda pair: -pair[1])


def _likelihood(read: Sequence[tuple[str, Mark]], numbers: Sequence[str]) -> float:
    """Return how well the best mark fits the best number, weighed by how sure the mark is."""
    best = 0.0
    for number in filter(None, map(normalised, numbers)):
        for text, mark in read:
            if mark.kind != "ocr":
                best = max(best, float(text == number))
            else:
                best = max(best, mark.confidence * math.exp(-distance(text, number) / _TEMPERATURE))
    return best


def distance(read: str, number: str) -> float:
    """Return the least cost of turning what was read into a number."""
    row = [_GAP_COST * place for place in range(len(number) + 1)]
    for one in read:
        above, row = row, [row[0] + _GAP_COST]
        for place, other in enumerate(number):
            exchange = above[place] + _exchange(one, other)
            row.append(min(exchange, above[place + 1] + _GAP_COST, row[place] + _GAP_COST))
    return row[-1]


def _exchange(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return _ALIKE_COST if (one, other) in _PAIRS else _OTHER_COST
