"""Where the answer to a form leads, as links of the OpenAPI: which calls take what stands in its `Location`.

A program that follows them goes the way of a person; tests do it with made-up requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar.openapi.spec import Link, OpenAPIResponse, Operation


@dataclass(frozen=True, slots=True)
class Lead:
    """A parameter of calls (by their ids) that stands in a redirect's address behind `before`, with `after` put to its end."""

    parameter: str
    before: str
    operations: Sequence[str]
    after: str = ""

    def links(self) -> dict[str, Link]:
        """Return the links of a response, by the call that each leads to."""
        found = f"$response.header.location#regex:{self.before}([^/?#]+)"
        value = f"{{{found}}}{self.after}" if self.after else found
        return {name: Link(operation_id=name, parameters={self.parameter: value}) for name in self.operations}


_PART = ("PartsReferencePartPage", "PartsReferenceBinPlace", "PartsReferencePricePrice", "PartsReferenceSaleSale")
TO_VEHICLE = (
    Lead(
        "reference",
        "/yard/vehicles/",
        (
            "YardVehiclesReferenceVehiclePage",
            "YardVehiclesReferenceDepollutionDepollution",
            "YardVehiclesReferenceDismantlingDismantling",
            "YardVehiclesReferenceLabelsPdfVehicleLabels",
        ),
    ),
    Lead("reference", "/yard/vehicles/", (*_PART, "PartsReferenceLabelPdfPartLabel"), "-ENG"),
    Lead("id", "/yard/vehicles/", ("TraceTracePage", "TraceSharesCsvTraceCsv", "ApiTraceTraceData")),
)
TO_PART = (Lead("reference", "/parts/", _PART),)
TO_FILE = (Lead("file_id", "/yard/imports/", ("YardImportsFileIdPreview", "YardImportsFileIdBook")),)
TO_JOB = (Lead("job_id", "/jobs/", ("JobsJobIdJobPage", "JobsJobIdCancelCancel")),)


def linked(leads: Sequence[Lead]) -> type[Operation]:
    """Return the description of a form whose redirect leads on."""

    @dataclass
    class Linked(Operation):
        def __post_init__(self) -> None:
            answer = (self.responses or {}).get("303")
            if isinstance(answer, OpenAPIResponse):
                answer.links = {name: link for lead in leads for name, link in lead.links().items()}

    return Linked
