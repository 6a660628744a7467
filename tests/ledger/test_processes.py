"""Several processes capture into one ledger at once: numbers without gaps, nothing lost, nothing twice."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from vehiclenest.ledger import Ledger

from .documents import document, observed

PROCESSES, DOCUMENTS, EVENTS = 3, 6, 5
CAPTURE = """
import sys
from pathlib import Path
from vehiclenest.ledger import Ledger, capture_document
with Ledger(sys.argv[1]) as ledger:
    for file in sorted(Path(sys.argv[2]).glob("*.jsonld")):
        outcome = capture_document(ledger, file.read_bytes())
        assert not outcome.errors, outcome
        print(outcome.stored, outcome.accepted)
"""


def test_captures_from_several_processes_all_get_through(url: str, tmp_path: Path) -> None:
    """Each process captures documents of its own and one that all of them have."""
    for process in range(PROCESSES):
        folder = tmp_path / str(process)
        folder.mkdir()
        for number in range(DOCUMENTS):
            events = [observed(f"{process}-{number}-{serial}") for serial in range(EVENTS)]
            (folder / f"{number}.jsonld").write_bytes(document(*events, observed("everybody")))
    running = [
        subprocess.Popen([sys.executable, "-c", CAPTURE, url, str(tmp_path / str(process))], stdout=subprocess.PIPE, text=True)
        for process in range(PROCESSES)
    ]
    printed = [process.communicate(timeout=150)[0].split("\n") for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES
    told = [tuple(map(int, line.split())) for lines in printed for line in lines if line]
    expected = PROCESSES * DOCUMENTS * EVENTS + 1
    assert sum(stored for stored, _ in told) == expected
    assert {accepted for _, accepted in told} == {EVENTS + 1}
    with Ledger(url, create=False) as ledger, ledger.engine.connect() as connection:
        seqs = list(connection.execute(text("SELECT seq FROM event ORDER BY seq")).scalars())
        assert seqs == list(range(1, expected + 1))
        assert connection.execute(text("SELECT COUNT(*) FROM mention")).scalar() == expected
        times = list(connection.execute(text("SELECT record_time FROM event ORDER BY seq")).scalars())
        assert len(times) == expected
