"""`vnest contest`: the commands of the contest. Each takes the contest's folder, does one thing and prints what came of it."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.options import FILE, Command, json_flag, print_json
from vehiclenest.core.errors import InputError, SettingsError, VehicleNestError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from vehiclenest.contest import Contest, Receipt, State
    from vehiclenest.contest.log import Statement
    from vehiclenest.contest.view import Reader

_LOG = "log.jsonl"
_RANKING = "ranking.json"
_TO = {
    "open": "stage_opened",
    "frozen": "stage_frozen",
    "closed": "stage_closed",
    "thawed": "stage_thawed",
    "finalized": "stage_finalized",
}
_EXTRA = frozenset({"numpy", "scipy", "cryptography"})


class ContestCommand(click.Command):
    """Says which extra to install where one of the room's libraries is missing."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in _EXTRA:
                raise
            raise SettingsError(f"the contest needs {error.name}", expected="pip install 'vehiclenest[contest]'") from None


class _Group(click.Group):
    command_class = ContestCommand


@click.group(cls=_Group)
def contest() -> None:
    """Run a contest: entries, judges, signed scores, ranking. The log in the contest's folder is the truth."""


def _folder(command: Command) -> Command:
    return click.option(
        "--dir", "folder", type=FILE, default="contest", show_default=True, metavar="DIR", help="Folder of the contest."
    )(command)


def _keys(command: Command) -> Command:
    return click.option("--keys", type=FILE, metavar="DIR", help="Folder of the private keys.  [default: DIR/keys]")(command)


def _as(command: Command) -> Command:
    return click.option(
        "--as", "reader", default="organiser", show_default=True, metavar="WHO", help="organiser, judge:ID, team:ENTRY or public."
    )(command)


@contest.command(epilog="Example: vnest contest new contest.toml --dir spring")
@click.argument("config", type=FILE, metavar="CONFIG.toml")
@_folder
@_keys
@json_flag
def new(config: Path, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Begin a contest: check its configuration, make keys for the organiser and for judges who bring none, open the log."""
    from vehiclenest.contest import KEEPER, Contest, FileStore, read_config
    from vehiclenest.contest.keys import check_public, fingerprint, new_key, public_text, save_key

    read = read_config(config)
    for judge in read.judges:
        if judge.public_key:
            check_public(judge.public_key)
    path = folder / _LOG
    if path.exists():
        raise InputError(f"{path} is there already", expected="another --dir: a log is never begun anew")
    where = keys or folder / "keys"
    keys_of = {KEEPER: new_key()} | {judge.id: new_key() for judge in read.judges if not judge.public_key}
    if there := next((name for name in keys_of if (where / f"{name}.pem").exists()), None):
        raise InputError(f"{where / there}.pem is there already", expected="another --keys: keys are never written over")
    judges = [
        judge if judge.public_key else judge.model_copy(update={"public_key": public_text(keys_of[judge.id])})
        for judge in read.judges
    ]
    for name, made in keys_of.items():
        save_key(made, where / f"{name}.pem")
    keeper, store = keys_of[KEEPER], FileStore(path)
    with store.alone():
        path.touch()
        Contest.create(read.model_copy(update={"judges": tuple(judges)}), store, keeper)
    key = public_text(keeper)
    found = {"contest": read.id, "log": str(path), "keys": str(where), "organiser_key": key, "fingerprint": fingerprint(key)}
    if as_json:
        print_json(found)
        return
    click.echo(
        f"contest {read.id} begun in {path}: {len(read.groups)} groups, {len(read.stages)} stages, {len(read.judges)} judges"
    )
    click.echo(f"organiser's public key {key} (fingerprint {fingerprint(key)}): publish it, replay --keeper checks against it")
    click.echo(f"private keys are in {where}: give each judge his own and keep the organiser's to yourself")


@contest.command(epilog="Example: vnest contest entries entries.csv --dir spring")
@click.argument("file", type=FILE, metavar="IMPORT.csv")
@_folder
@_keys
@json_flag
def entries(file: Path, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Register entries from CSV: id, name, group, organisation, province; name_zh and any other column are kept.

    Each row is registered or refused with its line and reason.
    """
    from vehiclenest.contest import Kind
    from vehiclenest.contest.entries import read_entries

    with _at_work(folder, keys) as running:
        lines, rows = _columns(read_entries(file))
        receipts = running.say_all(Kind.ENTRY, rows)
        _report(file, lines, receipts, "registered", as_json)


def _columns(pairs: Any) -> tuple[list[int], list[dict[str, Any]]]:
    both = list(pairs)
    return [line for line, _ in both], [row for _, row in both]


def _report(file: Path, lines: Sequence[int], receipts: "Sequence[Receipt]", done: str, as_json: bool) -> None:
    """Print how many rows were taken and each refused one; exit 2 where none was."""
    refused = [
        {"line": line, "reason": receipt.refused.reason, "event": receipt.seq}
        for line, receipt in zip(lines, receipts, strict=True)
        if receipt.refused
    ]
    again = sum(not receipt.new for receipt in receipts)
    taken = len(receipts) - len(refused) - again
    if as_json:
        print_json({"rows": len(receipts), done: taken, "already_there": again, "refused": refused})
    else:
        click.echo(f"{taken} of {len(receipts)} rows {done}" + (f", {again} were there already" if again else ""))
        for row in refused:
            click.echo(f"  {file}, line {row['line']}: refused: {row['reason']}")
    if not taken and not again:
        click.echo("vnest: nothing could be done", err=True)
        sys.exit(2)


@contest.command(epilog="Example: vnest contest declare J03 E012 --reason 'advised the team' --dir spring")
@click.argument("judge")
@click.argument("entry")
@click.option("--reason", required=True, help="Why the judge may not judge this entry.")
@_folder
@_keys
@json_flag
def declare(judge: str, entry: str, reason: str, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Declare a conflict of interest: the judge is not assigned to this entry."""
    from vehiclenest.contest import Kind

    with _at_work(folder, keys) as running:
        seq = running.say(Kind.CONFLICT, {"judge": judge, "entry": entry, "reason": reason}).seq
    _say(as_json, {"event": seq, "judge": judge, "entry": entry}, f"{judge} will not judge {entry}: {reason} (event {seq})")


@contest.command(epilog="Example: vnest contest draw semi-final --dir spring")
@click.argument("stage")
@click.argument("group", required=False)
@click.option("--seed", help="What the lots come from; the head of the log if left out, which nobody chose.")
@_folder
@_keys
@json_flag
def draw(stage: str, group: str | None, seed: str | None, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Draw the running order by lot and publish it with its seed; everybody can draw it again from that."""
    with _at_work(folder, keys) as running:
        groups = [group] if group else list(running.state.stage(stage).entries or running.state.groups)
        orders = {name: running.draw(stage, name, seed) for name in groups}
        seeds = dict(running.state.stage(stage).lot)
    lines = [f"{name}, seed {seeds[name]}:\n  {', '.join(order)}" for name, order in orders.items()]
    _say(as_json, {"stage": stage, "seed": seeds, "order": orders}, "\n".join(lines))


@contest.command(epilog="Example: vnest contest assign preliminary --dir spring")
@click.argument("stage")
@click.argument("group", required=False)
@click.option("--seed", help="Decides what is left open; the head of the log if left out.")
@click.option("--plan", type=FILE, metavar="CSV", help="A plan of your own, columns entry and judge; refused with the reason.")
@_folder
@_keys
@json_flag
def assign(
    stage: str, group: str | None, seed: str | None, plan: Path | None, folder: Path, keys: Path | None, as_json: bool
) -> None:
    """Give every entry its judges: none with a conflict of interest, all about equally busy, all entries connected by common judges."""
    from vehiclenest.contest import Kind
    from vehiclenest.contest.engine import load_by_judge
    from vehiclenest.contest.entries import read_plan

    loads: dict[str, dict[str, int]] = {}
    with _at_work(folder, keys) as running:
        state = running.state
        groups = [group] if group else list(state.stage(stage).entries or state.groups)
        own = read_plan(plan) if plan else {}
        if own and not group:
            groups = list(dict.fromkeys(state.entries[entry].group for entry in own if entry in state.entries)) or groups
        for name in groups:
            if own:
                mine = {entry: judges for entry, judges in own.items() if group or _group_of(state, entry) in {name, ""}}
                running.say(Kind.ASSIGNED, {"stage": stage, "group": name, "seed": "own plan", "plan": mine})
            else:
                running.assign(stage, name, seed)
            entries = state.stage(stage).entries[name]
            loads[name] = load_by_judge({entry: state.stage(stage).plan[entry] for entry in entries})
    lines = [
        f"{name}: {len(load)} judges, {min(load.values())} to {max(load.values())} entries each, connected, no conflict"
        for name, load in loads.items()
    ]
    _say(as_json, {"stage": stage, "load": loads}, "\n".join(lines))


def _group_of(state: "State", entry: str) -> str:
    return state.entries[entry].group if entry in state.entries else ""


@contest.command(
    epilog="Example: vnest contest score final --entry E012 --judge J03 --mark technology=88.5 --mark team=90 --dir spring"
)
@click.argument("stage")
@click.option("--entry", metavar="ID")
@click.option("--judge", metavar="ID")
@click.option("--mark", "marks", multiple=True, metavar="CRITERION=NUMBER", help="One for each criterion.")
@click.option("--reason", default="", help="Why a score is corrected; a second score without a reason is refused.")
@click.option("--withdraw", is_flag=True, help="Withdraw the score, as the organiser; needs --reason.")
@click.option(
    "--csv", "file", type=FILE, metavar="FILE", help="Columns entry, judge, one for each criterion, reason, at (ISO 8601)."
)
@_folder
@_keys
@json_flag
def score(
    stage: str,
    entry: str | None,
    judge: str | None,
    marks: tuple[str, ...],
    reason: str,
    withdraw: bool,
    file: Path | None,
    folder: Path,
    keys: Path | None,
    as_json: bool,
) -> None:
    """Score an entry, correct a score with the reason, or take scores from CSV; each is signed with the judge's key."""
    from vehiclenest.contest import Kind
    from vehiclenest.contest.entries import read_scores

    if file is None and (entry is None or judge is None or not (marks or withdraw)):
        raise InputError("there is nothing to score", expected="--entry, --judge and --mark, or --csv")
    given = dict(_mark(text) for text in marks)
    with _at_work(folder, keys) as running:
        where = keys or folder / "keys"
        if file is None:
            about = {"entry": str(entry), "judge": str(judge), "reason": reason}
            if withdraw:
                receipt = running.say(Kind.CORRECTION, {**about, "stage": stage})
            else:
                receipt = _score_all(running, where, stage, [(about, given)])[0]
            if receipt.refused:
                raise receipt.refused
            state = "taken" if receipt.new else "there already"
            answer = {"event": receipt.seq, "new": receipt.new, "stage": stage, "entry": entry, "judge": judge}
            _say(as_json, answer, f"{judge} on {entry} in {stage}: {state}, event {receipt.seq}")
            return
        rows = list(read_scores(file))
        receipts = _score_all(running, where, stage, [(about, row) for _, about, row in rows])
        _report(file, [line for line, _, _ in rows], receipts, "scored", as_json)


def _mark(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is no mark", expected="CRITERION=NUMBER, for example technology=88.5")
    return name.strip(), value.strip()


def _score_all(
    running: "Contest", keys: Path, stage: str, rows: Sequence[tuple[dict[str, str], dict[str, str]]]
) -> "list[Receipt]":
    """Sign and submit scores in order; what cannot even be said, as by somebody unknown, is logged as refused too."""
    receipts: list[Receipt] = []
    known: dict[str, Ed25519PrivateKey] = {}
    for about, marks in rows:
        try:
            statement = _statement(running, keys, known, stage, about, marks)
        except VehicleNestError as error:
            receipts.append(running.refuse("score_submitted", about["judge"], error))
            continue
        receipts += running.submit_all([statement])
    return receipts


def _statement(
    running: "Contest",
    keys: Path,
    known: "dict[str, Ed25519PrivateKey]",
    stage: str,
    about: dict[str, str],
    marks: dict[str, str],
) -> "Statement":
    from vehiclenest.contest import correction_statement, score_statement
    from vehiclenest.contest.keys import load_key
    from vehiclenest.core.time import parse_time

    judge = about["judge"]
    if judge not in running.state.judges:
        raise InputError(f"there is no judge {judge[:40]!r}", expected="a judge of this contest")
    if judge not in known:
        known[judge] = load_key(keys / f"{judge}.pem")
    at = parse_time(about["at"])[0] if about.get("at") else datetime.now(UTC)
    if reason := about.get("reason", ""):
        return correction_statement(running.state, stage, about["entry"], judge, marks, reason, known[judge], at)
    return score_statement(running.state, stage, about["entry"], judge, marks, known[judge], at)


@contest.command(epilog="Example: vnest contest clock final E012 talk --dir spring")
@click.argument("stage")
@click.argument("entry")
@click.argument("phase", type=click.Choice(["called", "talk", "questions", "done"]))
@_folder
@_keys
@json_flag
def clock(stage: str, entry: str, phase: str, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Call an entry and run the stage clock: called, talk, questions, done, in this order."""
    from vehiclenest.contest import Kind

    with _at_work(folder, keys) as running:
        running.say(Kind.CLOCK, {"stage": stage, "entry": entry, "phase": phase})
        config = running.state.stage(stage).config
    seconds = {"talk": config.talk_seconds, "questions": config.questions_seconds}.get(phase)
    runs = "" if seconds is None else f", {seconds // 60}:{seconds % 60:02d} on the clock"
    _say(as_json, {"stage": stage, "entry": entry, "phase": phase, "seconds": seconds}, f"{entry}: {phase}{runs}")


@contest.command(epilog="Example: vnest contest state semi-final --to open --dir spring")
@click.argument("stage", required=False)
@click.option("--to", type=click.Choice(list(_TO)), help="Bring the stage there: open, frozen, closed, thawed, finalized.")
@click.option("--reason", default="", help="Why a stage closes although scores are missing.")
@_as
@_folder
@_keys
@json_flag
def state(stage: str | None, to: str | None, reason: str, reader: str, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Show where the contest stands and who has still to score, or bring a stage to its next state."""
    from vehiclenest.cli.contest_text import print_state
    from vehiclenest.contest import Kind
    from vehiclenest.contest.summary import summary

    if to and not stage:
        raise InputError("--to names no stage", expected="vnest contest state STAGE --to STATE")
    if to:
        with _at_work(folder, keys) as running:
            running.say(Kind(_TO[to]), {"stage": stage, "reason": reason} if reason else {"stage": stage})
    replayed = _read(folder)
    found = summary(replayed, _reader(reader, replayed), stage)
    if as_json:
        print_json(found)
    else:
        print_state(found)


@contest.command(epilog="Example: vnest contest rank final enterprise --explain --dir spring")
@click.argument("stage")
@click.argument("group", required=False)
@click.option("--explain", "explained", is_flag=True, help="Say the rule, every judge's score and what was done with it.")
@_as
@_folder
@json_flag
def rank(stage: str, group: str | None, explained: bool, reader: str, folder: Path, as_json: bool) -> None:
    """Rank the entries of a stage, with the interval of the true rank near the cut where the scheme knows it."""
    from vehiclenest.cli.contest_text import print_ranking
    from vehiclenest.contest.explain import explain as explained_by
    from vehiclenest.contest.replay import ranking_document
    from vehiclenest.contest.view import Role, scoreboard

    replayed = _read(folder)
    who = _reader(reader, replayed)
    if explained and who.role is not Role.ORGANISER:
        raise InputError(f"{who.role} may not see every judge's score", expected="--explain as organiser")
    found: dict[str, Any] = {}
    for name in [group] if group else list(replayed.stage(stage).entries):
        ranking = scoreboard(replayed, stage, name, who)
        if ranking is None:
            raise InputError(f"{who.role} sees no ranking of {stage} yet", expected="a stage that is live, thawed or finalized")
        found[name] = ranking_document(ranking, replayed) | ({"explained": explained_by(replayed, ranking)} if explained else {})
    if as_json:
        print_json({"stage": stage, "groups": found})
        return
    for name, document in found.items():
        print_ranking(stage, name, document)


@contest.command(epilog="Example: vnest contest advance semi-final --dir spring")
@click.argument("stage")
@_folder
@_keys
@json_flag
def advance(stage: str, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Send the best of a finalized stage on to the next."""
    with _at_work(folder, keys) as running:
        found = running.advance(stage)
    lines = [f"{group}: {len(names)} go on: {', '.join(names)}" for group, names in found.items()]
    _say(as_json, {"stage": stage, "advanced": found}, "\n".join(lines))


@contest.command(epilog="Example: vnest contest award --dir spring")
@_folder
@_keys
@json_flag
def award(folder: Path, keys: Path | None, as_json: bool) -> None:
    """Award the prizes by the last stage."""
    with _at_work(folder, keys) as running:
        found = running.award()
    lines = [f"{group}, {prize}: {', '.join(names)}" for group, prizes in found.items() for prize, names in prizes.items()]
    _say(as_json, {"awards": found}, "\n".join(lines))


@contest.command(epilog="Example: vnest contest export ranking certificates --out papers --dir spring")
@click.argument("what", nargs=-1, type=click.Choice(["ranking", "protocols", "certificates", "recommendations"]))
@click.option("--out", type=FILE, default="contest-out", show_default=True, metavar="DIR", help="Folder for the files.")
@_folder
@json_flag
def export(what: tuple[str, ...], out: Path, folder: Path, as_json: bool) -> None:
    """Write ranking, protocols, certificates and recommendation lists: pages in English and Chinese to read or print, and CSV."""
    from vehiclenest.contest.export import WHAT
    from vehiclenest.contest.export import export as papers
    from vehiclenest.site.files import delivered_together, write_table

    pages, tables = papers(_read(folder), what or WHAT)
    with delivered_together(out, [*pages, *tables]) as staging:
        for name, text in pages.items():
            (staging / name).write_text(text, encoding="utf-8")
        for name, rows in tables.items():
            write_table(rows, staging / name)
    files = sorted([*pages, *tables])
    _say(as_json, {"folder": str(out), "files": files}, f"{len(files)} files written to {out}: {', '.join(files)}")


@contest.command(epilog="Example: vnest contest replay spring/log.jsonl --keeper $(cat organiser.pub)")
@click.argument("log", type=FILE, metavar="LOG")
@click.option("--keeper", help="The organiser's published public key; without it the log is only checked against itself.")
@click.option("--out", type=FILE, metavar="FILE", help="Write what follows from the log, as ranking.json.")
@json_flag
def replay(log: Path, keeper: str | None, out: Path | None, as_json: bool) -> None:
    """Verify a log, event by event, and compute everything anew; the first broken event is named.

    Where a ranking.json lies beside the log, says whether it is the same to the byte.
    """
    from hashlib import sha256

    from vehiclenest.contest import KEEPER, FileStore, result_bytes
    from vehiclenest.contest import replay as replay_lines
    from vehiclenest.contest.keys import fingerprint
    from vehiclenest.site.files import whole_file

    replayed = replay_lines(FileStore(log).lines(), str(log), keeper)
    body = result_bytes(replayed)
    beside = log.with_name(_RANKING)
    identical = beside.read_bytes() == body if beside.is_file() else None
    if out:
        with whole_file(out) as file:
            file.write(body.decode())
    key = replayed.keys[KEEPER]
    found = {
        "events": replayed.seq,
        "head": replayed.head,
        "organiser_key": key,
        "fingerprint": fingerprint(key),
        "keeper_checked": keeper is not None,
        "refused": len(replayed.refusals),
        "ranking_sha256": sha256(body).hexdigest(),
        "ranking_identical": identical,
    }
    said = {None: "no ranking.json beside it", True: "ranking.json is the same to the byte", False: "ranking.json DIFFERS"}
    checked = "the key given" if keeper else "its own first key; --keeper checks against a published one"
    lines = (
        f"{replayed.seq} events verified against {checked}",
        f"head {replayed.head}",
        f"ranking sha256 {found['ranking_sha256']}: {said[identical]}",
    )
    _say(as_json, found, "\n".join(lines))


@contest.command(epilog="Example: vnest contest demo --out contest-demo")
@click.option(
    "--out", type=FILE, default="contest-demo", show_default=True, metavar="DIR", help="Folder for log.jsonl and ranking.json."
)
@json_flag
def demo(out: Path, as_json: bool) -> None:
    """Play the model contest: 183 made-up entries from 22 provinces through all stages. The same bytes at every run."""
    from vehiclenest.cli.contest_text import print_demo
    from vehiclenest.contest import FileStore, result, result_bytes
    from vehiclenest.contest import replay as replay_lines
    from vehiclenest.contest.demo import play
    from vehiclenest.site.files import delivered_together

    with delivered_together(out, [_LOG, _RANKING]) as staging:
        (staging / _LOG).touch()
        played = play(FileStore(staging / _LOG))
        body = result_bytes(replay_lines(FileStore(staging / _LOG).lines()))
        if body != result_bytes(played.state):
            raise SettingsError("the replay of the demonstration differs from what was played")
        (staging / _RANKING).write_bytes(body)
    found = result(played.state)
    if as_json:
        print_json({"folder": str(out), **found})
    else:
        print_demo(found, played.state, out)


@contextmanager
def _at_work(folder: Path, keys: Path | None) -> "Generator[Contest]":
    """Open the contest to say something; nobody else says anything meanwhile."""
    from vehiclenest.contest import KEEPER, Contest, FileStore
    from vehiclenest.contest.keys import load_key

    store = FileStore(folder / _LOG)
    if not store.path.is_file():
        store.lines()
    with store.alone():
        yield Contest(store, load_key((keys or folder / "keys") / f"{KEEPER}.pem"))


def _read(folder: Path) -> "State":
    from vehiclenest.contest import FileStore
    from vehiclenest.contest import replay as replay_lines

    path = folder / _LOG
    return replay_lines(FileStore(path).lines(), str(path))


def _reader(text: str, state: "State") -> "Reader":
    from vehiclenest.contest.view import Reader, Role

    name, _, identifier = text.partition(":")
    known: dict[str, Callable[[], bool]] = {
        "organiser": lambda: not identifier,
        "public": lambda: not identifier,
        "judge": lambda: identifier in state.judges,
        "team": lambda: identifier in state.entries,
    }
    if name not in known or not known[name]():
        raise InputError(f"nobody is {text[:50]!r}", expected="organiser, judge:ID, team:ENTRY or public")
    return Reader(Role(name), identifier)


def _say(as_json: bool, found: dict[str, Any], text: str) -> None:
    if as_json:
        print_json(found)
    else:
        click.echo(text)
