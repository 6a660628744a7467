"""How long `make serve` takes from the command to the first answer, where everything is installed: with files in memory and without.

    python benchmarks/web_start.py [RUNS]   # port 8000 has to be free; without files in memory only as root (it empties the page cache)

Each run is a first start: an empty folder, the database made, the admin's password hashed.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
DROP = Path("/proc/sys/vm/drop_caches")
URL = "http://127.0.0.1:8000"
BAR_SECONDS = 5.0
PATIENCE_SECONDS = 120.0


def answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(URL + path, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def started() -> tuple[float, float]:
    """Return the seconds to listening (the first answer of /health) and to the first page (the log-in, or what it leads to)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"VNEST_DB": f"sqlite:///{folder}/vnest.db"}
        start = time.monotonic()
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(
                ["make", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            while not answers("/health"):
                if process.poll() is not None or time.monotonic() - start > PATIENCE_SECONDS:
                    raise SystemExit((Path(folder) / "log").read_text())
                time.sleep(0.02)
            listening = time.monotonic() - start
            assert answers("/login")
            return listening, time.monotonic() - start
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def cold() -> bool:
    """Empty the page cache, so that every file comes from the disk; return whether that could be done."""
    os.sync()
    try:
        DROP.write_text("3")
    except OSError:
        return False
    return True


def main(runs: int) -> None:
    if answers("/health"):
        raise SystemExit(f"something answers at {URL} already: stop it first")
    started()  # whatever is not installed or compiled yet is now
    for name, before in (("files in memory", lambda: True), ("page cache emptied", cold)):
        found: list[tuple[float, float]] = []
        for _ in range(runs):
            if not before():
                print(f"{name:<20} not measured: only root can do that")
                break
            found.append(started())
        if found:
            listening, page = (sorted(row[column] for row in found) for column in (0, 1))
            said = "met" if listening[-1] <= BAR_SECONDS else "missed"
            print(
                f"{name:<20} listening {listening[len(listening) // 2]:.2f} s (slowest {listening[-1]:.2f}), "
                f"first page {page[len(page) // 2]:.2f} s (slowest {page[-1]:.2f}); bar {BAR_SECONDS:g} s: {said}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
