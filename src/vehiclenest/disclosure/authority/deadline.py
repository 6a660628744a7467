"""Until when an upload is due, and whether it was made: a rule of the 2018 provisions against the events and a day."""

from datetime import date
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.verdict import Verdict
from vehiclenest.disclosure.authority.model import Deadline, Law
from vehiclenest.disclosure.authority.reading import Sent
from vehiclenest.disclosure.authority.working_days import NotCoveredError, after_working_days

_RULES = load_table(Path(__file__).with_name("deadlines.toml"))


def deadline(rule: str, counted_from: date | None, powertrain: str, sent: Sent | None, on: date) -> Deadline:
    """Return the deadline of a rule.

    Parameters
    ----------
    rule
        Row of `deadlines.toml`.
    counted_from
        Day of the event that the rule counts from; None where no event says it.
    powertrain
        Of the vehicle: the provisions cover new energy vehicles alone.
    sent
        The upload that an event reports; None where no event does.
    on
        The day on which an upload that was not made counts as open or overdue.
    """
    row = _RULES[rule]
    due, doubt = _due(row, counted_from, powertrain)
    status, verdict, reason = _standing(due, sent, on) if due else ("sent" if sent else "unknown", Verdict.NOT_ASSESSED, doubt)
    return Deadline(
        law=_law(row, counted_from or on),
        by=row.text("by"),
        after=row.text("after"),
        working_days=int(row.number("working_days")),
        counted_from=counted_from,
        due=due,
        sent=sent.day if sent else None,
        receipt=sent.receipt if sent else "",
        status=status,
        verdict=verdict,
        reason=reason,
    )


def receiver_rule(route: str) -> tuple[str, str] | None:
    """Return the rule that binds who receives a battery on a route, and the step that it counts from; None where none is known."""
    rule = _RULES["receivers"].text(route)
    return (rule, _RULES[rule].text("step")) if rule else None


def _due(row: Row, counted_from: date | None, powertrain: str) -> tuple[date | None, str]:
    covered = _RULES["scope"].words("powertrains")
    if not powertrain:
        return None, "no event says what drives the vehicle; the rule covers new energy vehicles alone"
    if powertrain not in covered:
        return None, f"the rule covers new energy vehicles ({', '.join(covered)}), not {powertrain}"
    if counted_from is None:
        return None, f"no event says when it counts from: {row.text('after')}"
    if counted_from < date.fromisoformat(row["working_days"].source.date):
        return None, f"the rule is in force since {row['working_days'].source.date}, not yet on {counted_from}"
    try:
        return after_working_days(counted_from, int(row.number("working_days"))), ""
    except NotCoveredError as error:
        return None, f"{error}; counting weekends alone it would be {error.weekends_only} [U]"


def _standing(due: date, sent: Sent | None, on: date) -> tuple[str, Verdict, str]:
    if sent and sent.day <= due:
        return "sent", Verdict.MET, f"sent on {sent.day}, due on {due}"
    if sent:
        return "sent late", Verdict.NOT_MET, f"sent on {sent.day}, due on {due}"
    if on > due:
        return "overdue", Verdict.NOT_MET, f"no event reports the upload that was due on {due}"
    return "open", Verdict.NOT_ASSESSED, f"due on {due}; no event reports the upload yet"


def _law(row: Row, day: date) -> Law:
    source, successor = row["working_days"].source, _RULES["successor"]
    pending = day >= date.fromisoformat(successor.text("since"))
    note = f"{successor.text('title')}: {successor.text('note')}" if pending else ""
    return Law(source.title, row.text("article"), source.tag, note)
