"""The command line, `vnest`: every command works on files and a ledger, prints for people or, with --json, one object for machines.

Exit status: 0 when the work was done and every refused row is listed; 2 when nothing could be done; 1 for a fault of our own.
"""

import gc
import json
import os
import sys

from vehiclenest.core.errors import VehicleNestError

_OBJECTS_BEFORE_COLLECTION = 200_000


def main() -> None:
    """Run the command line; an error is one line, never a traceback."""
    # Imports and batches make many objects that live to the end: looking through them for garbage costs a fifth of the time.
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
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
