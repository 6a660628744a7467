"""Measures the contest in a browser: from a score entered to every screen, while connections drop; nothing lost, nothing doubled.

Run on an idle machine: .venv/bin/python benchmarks/web_contest.py [--screens 1000] [--scores 120] [--workers 1] [--json]
A real server (`vnest serve`) on real sockets, a made-up contest of 60 entries and 7 judges each. Each screen is a connection of its own
that reads server-sent events; of the screens a share hangs up between two scores and comes back with the last number that it saw.
Latency is from before a judge's score is sent to the moment at which a screen has read its event. Exit status 1 where a bar is missed.
"""

import argparse
import asyncio
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bars import Bar, quantile, report
from vehiclenest.contest import KEEPER, Contest, FileStore, Kind
from vehiclenest.contest.config import as_config
from vehiclenest.contest.keys import new_key, public_text, save_key
from vehiclenest.web import Configuration, accounts
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Principal, Role
from vehiclenest.web.serve import prepare

VNEST = Path(sys.executable).with_name("vnest")
ENTRIES, JUDGES, PER_ENTRY = 60, 14, 7
SEED = 7
BAR_MS = 250.0
DROPPED = 0.05  # of the screens, between two scores
AGAIN_SECONDS = 1.0  # what the server tells browsers to wait
Plan = dict[str, tuple[str, ...]]


def make(folder: Path) -> Plan:
    """Make an open contest with keys of its own; return its plan."""
    keys = {name: new_key() for name in (KEEPER, *(f"J{number:02d}" for number in range(1, JUDGES + 1)))}
    for name, key in keys.items():
        save_key(key, folder / "keys" / f"{name}.pem")
    criteria = [{"id": "idea", "name": "Idea", "weight": "0.6"}, {"id": "team", "name": "Team", "weight": "0.4"}]
    document = {
        "id": "live",
        "name": "Live",
        "groups": [{"id": "all", "name": "All", "criteria": criteria}],
        "stages": [{"id": "final", "name": "Final", "scheme": "trimmed_mean", "judges_per_entry": PER_ENTRY}],
        "judges": [
            {"id": name, "name": name, "organisation": f"Institute {name}", "province": "Hunan", "public_key": public_text(key)}
            for name, key in keys.items()
            if name != KEEPER
        ],
    }
    (folder / "log.jsonl").touch()
    contest = Contest.create(as_config(document), FileStore(folder / "log.jsonl"), keys[KEEPER])
    for number in range(1, ENTRIES + 1):
        entry = {"id": f"E{number:02d}", "name": f"Entry {number}", "group": "all", "organisation": f"Works {number}"}
        contest.say(Kind.ENTRY, {**entry, "province": "Hebei"})
    contest.assign("final", "all")
    contest.say(Kind.OPENED, {"stage": "final"})
    return dict(contest.state.stage("final").plan)


def tokens(url: str) -> dict[str, str]:
    """Return a bearer token for each judge."""
    found: dict[str, str] = {}
    database = Database(url)
    with database.writing() as connection:
        for number in range(1, JUDGES + 1):
            name = f"J{number:02d}"
            accounts.create_user(connection, name, Role.JUDGE)
            user = accounts.credentials(connection, name.lower())
            assert user is not None
            accounts.set_password(connection, user.id, "eleven green lorries 7")
            found[name] = accounts.create_token(connection, Principal(Role.JUDGE, user.id, name.lower()), "bench", 1)
    database.close()
    return found


class Screen:
    """A connection that reads events, and the time at which each arrived."""

    def __init__(self, port: int, after: int) -> None:
        self.port, self.last = port, after
        self.arrived: list[tuple[int, float, float]] = []  # event, when, and since when this connection was there
        self.task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def start(self) -> None:
        """Connect, from the last number that was seen."""
        self.connected.clear()
        self.task = asyncio.create_task(self._read())

    def drop(self) -> None:
        """Hang up."""
        assert self.task is not None
        self.task.cancel()

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        since = float("inf")
        try:
            path = "/contest/live?stage=final&group=all"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\nLast-Event-ID: {self.last}\r\n\r\n".encode())
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    now = time.perf_counter()
                    self.last = int(line[4:])
                    self.arrived.append((self.last, now, since))
                elif line.startswith(b"retry"):
                    since = time.perf_counter()
                    self.connected.set()
        finally:
            writer.close()


async def watch(port: int, after: int, plan: Plan, token_of: dict[str, str], screens: int, scores: int) -> list[Bar]:
    """Enter scores while screens watch and drop."""
    generator = random.Random(SEED)
    watching = [Screen(port, after) for _ in range(screens)]
    for start in range(0, screens, 50):
        for screen in watching[start : start + 50]:
            screen.start()
        await asyncio.gather(*(screen.connected.wait() for screen in watching[start : start + 50]))
    entered: dict[int, float] = {}
    receipts: list[float] = []
    pairs = [(entry, judge) for entry, judges in plan.items() for judge in judges]
    generator.shuffle(pairs)
    gone: list[tuple[float, Screen]] = []
    drops = 0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for entry, judge in pairs[:scores]:
            await asyncio.sleep(generator.uniform(0.1, 0.5))
            back = [screen for when, screen in gone if time.perf_counter() >= when]
            gone = [(when, screen) for when, screen in gone if time.perf_counter() < when]
            for screen in back:
                screen.start()
            away = {id(screen) for _, screen in gone}
            for screen in generator.sample(watching, int(screens * DROPPED)):
                if id(screen) not in away and screen.connected.is_set():
                    screen.drop()
                    drops += 1
                    gone.append((time.perf_counter() + AGAIN_SECONDS, screen))
            marks = {"idea": f"{generator.uniform(50, 99):.2f}", "team": f"{generator.uniform(50, 99):.2f}"}
            body = {"stage": "final", "entry": entry, "marks": marks, "at": datetime.now(UTC).isoformat()}
            started = time.perf_counter()
            answer = await client.post("/api/contest/scores", json=body, headers={"authorization": f"Bearer {token_of[judge]}"})
            receipts.append(time.perf_counter() - started)
            entered[answer.raise_for_status().json()["seq"]] = started
            if generator.random() < DROPPED:  # a phone that did not hear the receipt sends again
                again = await client.post(
                    "/api/contest/scores", json=body, headers={"authorization": f"Bearer {token_of[judge]}"}
                )
                assert not again.raise_for_status().json()["new"]
    await asyncio.sleep(AGAIN_SECONDS)
    for _, screen in gone:
        screen.start()
    await asyncio.sleep(3)
    lost = doubled = arrivals = 0
    steady: list[float] = []
    for screen in watching:
        seen = Counter(number for number, _, _ in screen.arrived if number in entered)
        lost += len(entered) - len(seen)
        doubled += sum(count - 1 for count in seen.values())
        arrivals += sum(seen.values())
        steady += [(when - entered[at]) * 1e3 for at, when, since in screen.arrived if at in entered and since < entered[at]]
        screen.drop()
    return [
        Bar("screens", screens),
        Bar("scores entered", len(entered)),
        Bar("connections dropped and made again", drops),
        Bar("score receipted to the judge, p95 ms", quantile([1e3 * seconds for seconds in receipts], 0.95)),
        Bar("score to a screen that is connected, p50 ms", quantile(steady, 0.5)),
        Bar("score to a screen that is connected, p95 ms", quantile(steady, 0.95), BAR_MS),
        Bar("share of arrivals by a connection made after the score", 1 - len(steady) / arrivals),
        Bar("scores lost on any screen", lost, 0),
        Bar("scores doubled on any screen", doubled, 0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", type=int, default=1_000)
    parser.add_argument("--scores", type=int, default=120)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * arguments.screens)), hard))
    with tempfile.TemporaryDirectory(prefix="vnest-contest-") as name, socket.socket() as free:
        folder = Path(name)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        plan = make(folder / "live")
        url = f"sqlite:///{folder / 'base.db'}"
        prepare(Configuration(url))
        token_of = tokens(url)
        command = [str(VNEST), "serve", "--db", url, "--port", str(port), "--contest", str(folder / "live")]
        command += ["--workers", str(arguments.workers), "--requests-per-minute", "1000000"]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                after = len((folder / "live" / "log.jsonl").read_bytes().splitlines())
                wait_for(port)
                bars = asyncio.run(watch(port, after, plan, token_of, arguments.screens, arguments.scores))
            finally:
                process.terminate()
                process.wait(timeout=30)
    return report(bars, [f"{arguments.workers} worker(s)"], as_json=arguments.json)


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
            return  # noqa: TRY300
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


if __name__ == "__main__":
    sys.exit(main())
