"""The one error family: what was wrong, where, and what would be right, in one line for a person and one object for HTTP.

Raise the narrowest class that fits. A caller that can go on catches `VehicleNestError`; the command line prints it as one line
and never as a traceback. Over HTTP it becomes a problem document (RFC 9457).
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a fault: any of file, line (1-based) and field may be unknown."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        parts = [self.file, f"line {self.line}" if self.line is not None else None, self.field]
        return ", ".join(part for part in parts if part)


class VehicleNestError(Exception):
    """Base of everything this package raises on purpose.

    Parameters
    ----------
    what
        What was wrong, with the offending value.
    expected
        What would be right; empty where it goes without saying.
    where
        The place of the fault.
    """

    title = "Vehicle Nest could not do that"
    status = 500

    def __init__(self, what: str, *, expected: str = "", where: Where | None = None) -> None:
        super().__init__(what)
        self.what = _one_line(what)
        self.expected = _one_line(expected)
        self.where = where or Where()

    def __str__(self) -> str:
        place = _one_line(str(self.where))
        return (f"{place}: " if place else "") + self.reason

    @property
    def reason(self) -> str:
        """What was wrong and what would be right, without the place."""
        return self.what + (f"; {self.expected}" if self.expected else "")

    def at(self, *, file: str | None = None, line: int | None = None, field: str | None = None) -> "VehicleNestError":
        """Return the same error with the parts of its place that it did not know yet."""
        known = self.where
        error = type(self)(self.what, expected=self.expected)
        error.where = Where(known.file or file, known.line if known.line is not None else line, known.field or field)
        return error

    def problem(self) -> dict[str, Any]:
        """Return the error as a problem document (RFC 9457), without `instance`."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.reason,
        }
        for name in ("file", "line", "field"):
            value = getattr(self.where, name)
            if value is not None:
                document[name] = value
        return document


def _one_line(text: str) -> str:
    """Return text with line breaks and control characters written out, so that no input can break or colour a terminal's line."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


class InputError(VehicleNestError):
    """A file, row or value given from outside is not what it has to be."""

    title = "The input is not valid"
    status = 422


class NotFoundError(VehicleNestError):
    """The thing asked for is not in the ledger."""

    title = "Not found"
    status = 404


class ClosureError(VehicleNestError):
    """An event takes in more or less mass than it gives out, beyond what its instruments allow."""

    title = "The mass does not close"
    status = 422


class ConflictError(VehicleNestError):
    """What is asked contradicts what the ledger already holds."""

    title = "The ledger says otherwise"
    status = 409


class SettingsError(VehicleNestError):
    """A constant, yield, price or rule of the site is missing or wrong."""

    title = "The settings are not valid"
    status = 500
