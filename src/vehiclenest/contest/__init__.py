"""Contest: entries, judges and their signed scores come in; a ranking that can be replayed to the same bytes goes out.

The log of signed, chained events is the truth (`log`, `rules`, `replay`); everything else follows from it. Scores become results by
one of five schemes (`scoring`): mean, trimmed mean, severity-corrected (Henderson's mixed model), pairwise (Bradley and Terry) and, where
judges have many entries, z-scores. `claims` holds what technologies claim against what was measured.
"""

from vehiclenest.contest.config import KEEPER, Config, read_config
from vehiclenest.contest.engine import Contest, Receipt, correction_statement, score_statement
from vehiclenest.contest.model import Kind, Phase
from vehiclenest.contest.ranking import Ranking, Row, rank
from vehiclenest.contest.replay import replay, result, result_bytes
from vehiclenest.contest.state import State
from vehiclenest.contest.store import EventStore, FileStore, MemoryStore

__all__ = [
    "KEEPER",
    "Config",
    "Contest",
    "EventStore",
    "FileStore",
    "Kind",
    "MemoryStore",
    "Phase",
    "Ranking",
    "Receipt",
    "Row",
    "State",
    "correction_statement",
    "rank",
    "read_config",
    "replay",
    "result",
    "result_bytes",
    "score_statement",
]
