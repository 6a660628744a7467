"""What can run in the background, by name. Each kind says in its own module how it goes on after a restart."""

from collections.abc import Mapping

from vehiclenest.web import epcis, grading, imports, sealing, verification
from vehiclenest.web.jobs import Kind

KINDS: Mapping[str, Kind] = {
    "grade": grading.grade,
    "import": imports.book,
    "seal": sealing.seal_ledger,
    "verify": verification.verify_ledger,
    epcis.KIND: epcis.book,
}
