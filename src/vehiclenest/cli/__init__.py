"""The command line, `vnest`: every command works on files and a ledger, prints for people or, with --json, one object for machines.

Exit status: 0 when the work was done and every refused row is listed; 2 when nothing could be done; 1 for a fault of our own.
"""

import json
import os
import sys

from vehiclenest.core.errors import VehicleNestError


def main() -> None:
    """Run the command line; an error is one line, never a traceback."""
    from vehiclenest.cli.commands import app

    try:
        app()
    except VehicleNestError as error:
        _say(str(error))
        if "--json" in sys.argv:
            print(json.dumps({"error": error.problem()}))  # noqa: T201
        sys.exit(2)
    except Exception as error:
        if os.environ.get("VNEST_DEBUG"):
            raise
        _say(f"a fault of ours: {type(error).__name__}: {' '.join(str(error).split())[:300]} (VNEST_DEBUG=1 shows where)")
        sys.exit(1)


def _say(line: str) -> None:
    print(f"vnest: {line}", file=sys.stderr)  # noqa: T201
