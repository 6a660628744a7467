"""`vnest serve` as a process of its own, on a port that is free, for tests that need the real thing."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 60.0  # s


@dataclass(slots=True)
class Served:
    """A server that answers."""

    url: str
    process: subprocess.Popen[str]
    password: str | None
    seconds: float

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str) -> Generator[Served]:
    """Serve the base of a folder until the block ends."""
    port = free_port()
    command = [sys.executable, "-c", "from vehiclenest.cli import main; main()", "serve", "--port", str(port), *options]
    log = folder / f"serve-{port}.log"
    start = time.monotonic()
    with log.open("w") as written:
        process = subprocess.Popen(command, cwd=folder, stdout=written, stderr=subprocess.STDOUT, text=True)
        try:
            url = f"http://127.0.0.1:{port}"
            while not _answers(url):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() - start < _PATIENCE, log.read_text()
                time.sleep(0.05)
            seconds = time.monotonic() - start
            password = re.search(r"one-time password (\S+)", log.read_text())
            yield Served(url, process, password[1] if password else None, seconds)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
