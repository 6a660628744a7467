"""The verification of seals, events and every row that follows from an event, as background work (the job kind `verify`)."""

from vehiclenest.core.errors import NotFoundError
from vehiclenest.ledger.seal import seals_folder
from vehiclenest.ledger.seal_folder import read_history
from vehiclenest.ledger.verify import verify
from vehiclenest.web.jobs import Cancelled, Running

_LISTED = 20


def verify_ledger(running: Running) -> None:
    """Verify the ledger and keep the outcome in the job's cursor; a restart begins anew, for nothing is changed by it."""

    def progress(_stage: str, _done: int, _total: int) -> None:
        if running.cancelled():
            raise Cancelled

    folder = seals_folder(running.database.ledger)
    if not read_history(folder).seals:
        raise NotFoundError("the ledger has no seal yet", expected="a seal, made on the page of the ledger")
    found = verify(running.database.ledger, folder, (), full=True, progress=progress)
    with running.step() as step:
        step.cursor = found.as_dict() | {"problems": [str(problem) for problem in found.problems[:_LISTED]]}
        step.done = step.total = found.events
        step.message = "all is well" if found.ok else f"problems: {found.problem_count}"
