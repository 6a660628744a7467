"""Pages a second and their times at a million parts: wrk, 16 connections, against `vnest serve --workers 2` on SQLite.

    python benchmarks/web.py prepare FOLDER   # a base with 1,000,000 made-up parts, about a minute
    python benchmarks/web.py measure FOLDER   # 20 s of load; needs wrk (apt-get install wrk)

The parts are simulated: codes and makes as a base has them, in random order from a fixed seed. Pages are asked by 400 paths: the plain
list, searches by kind, make, grade, route, vehicle and bin, and pages deep in the list (`paths`).
"""

import json
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from vehiclenest.web import accounts, tables
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Principal, Role

PARTS, CHUNK, CONNECTIONS, SECONDS = 1_000_000, 10_000, 16, 20
SEED = 20261126
MAKES = ("VOLKSWAGEN", "TOYOTA", "HONDA", "FORD", "BUICK", "GEELY", "NISSAN", "TESLA", "BYD", "CHERY")
KINDS = (("ENG", "engine"), ("TRX", "transmission"), ("ALT", "alternator"), ("DFL", "front left door"), ("HLL", "left headlamp"),
         ("BMF", "front bumper"), ("RAD", "radiator"), ("CAT", "catalytic converter"))  # fmt: skip
GRADES, ROUTES = ("A", "B", "C"), ("reuse", "reuse", "remanufacture", "recycle")
PORT = 18765
LUA = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n %% #paths + 1])
end
done = function(summary, latency)
  io.write(string.format('{"pages": %%d, "seconds": %%.3f, "p50_ms": %%.2f, "p95_ms": %%.2f, "p99_ms": %%.2f, "errors": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


def url(folder: Path) -> str:
    return f"sqlite:///{folder.resolve() / 'vnest.db'}"


def prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(url(folder))
    chance = random.Random(SEED)
    with database.writing() as connection:
        accounts.create_user(connection, "reader", Role.ENGINEER)
        found = accounts.credentials(connection, "reader")
        assert found is not None
        accounts.set_password(connection, found.id, "eleven green lorries 7")
        token = accounts.create_token(connection, Principal(Role.ENGINEER, found.id, "reader"), "benchmark", 30)
    (folder / "token").write_text(token)
    for start in range(0, PARTS, CHUNK):
        rows = [row(number, chance) for number in range(start, start + CHUNK)]
        with database.writing() as connection:
            connection.execute(tables.part.insert(), rows)
    with database.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


def row(number: int, chance: random.Random) -> dict[str, object]:
    code, name = chance.choice(KINDS)
    make = chance.choice(MAKES)
    vehicle = f"V{number // 8:07d}"
    reference = f"{vehicle}-{code}{number % 8}"
    return {
        "reference": reference, "lot": f"urn:epc:id:giai:9521321.{reference}", "vehicle": vehicle, "code": code, "name": name,
        "make": make, "model": f"2015 {make} MODEL {number % 40}", "grade": chance.choice(GRADES), "mass_kg": chance.uniform(1, 150),
        "route": chance.choice(ROUTES), "price_e2": chance.randrange(1_000, 900_000), "currency": "CNY",
        "bin": f"A-{chance.randrange(2_000)}", "state": "gone" if chance.random() < 0.3 else "stock", "created": number,
    }  # fmt: skip


def paths() -> list[str]:
    chance = random.Random(SEED)
    found: list[str] = []
    for _ in range(400):
        filters = [
            "", f"&q={chance.choice(KINDS)[0]}", f"&make={chance.choice(MAKES)}", f"&grade={chance.choice(GRADES)}",
            f"&route={chance.choice(ROUTES)}", f"&q=V{chance.randrange(PARTS // 8):07d}", f"&q=bin:A-{chance.randrange(2_000)}",
            f"&q={chance.choice(KINDS)[0]}&make={chance.choice(MAKES)}",
            f"&make={chance.choice(MAKES)}&grade={chance.choice(GRADES)}&route={chance.choice(ROUTES)}",
        ]  # fmt: skip
        before = f"&before={chance.randrange(1_000, PARTS)}" if chance.random() < 0.5 else ""
        found.append(f"/parts?state=stock{chance.choice(filters)}{before}")
    return found


def measure(folder: Path) -> None:
    token = (folder / "token").read_text()
    (folder / "paths.txt").write_text("\n".join(paths()) + "\n")
    (folder / "load.lua").write_text(LUA % (folder / "paths.txt"))
    command = [
        sys.executable,
        "-c",
        "from vehiclenest.cli import main; main()",
        "serve",
        "--db",
        url(folder),
        "--port",
        str(PORT),
    ]
    start = time.monotonic()
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen([*command, "--workers", "2", "--requests-per-minute", "100000000"], stdout=log, stderr=log)
        try:
            while not answers():
                assert server.poll() is None, (folder / "serve.log").read_text()
                time.sleep(0.02)
            listening = time.monotonic() - start
            load = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", str(folder / "load.lua")]
            load += ["-H", f"Authorization: Bearer {token}", "-H", "Accept: text/html", f"http://127.0.0.1:{PORT}"]
            said = subprocess.run(load, capture_output=True, text=True, check=True).stdout
        finally:
            server.terminate()
            server.wait()
    found = json.loads(said.splitlines()[-1])
    found |= {"pages_per_second": found["pages"] / found["seconds"], "seconds_to_listening": listening, "parts": PARTS}
    print(json.dumps(found, indent=1))


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    {"prepare": prepare, "measure": measure}[sys.argv[1]](Path(sys.argv[2]))
