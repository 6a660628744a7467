"""Which document is drawn up about which lot."""

from collections.abc import Iterable
from typing import Literal, get_args

from vehiclenest.disclosure.catenax.certificate import certificate
from vehiclenest.disclosure.catenax.destruction import destruction
from vehiclenest.disclosure.catenax.document import Document
from vehiclenest.disclosure.catenax.material import material
from vehiclenest.disclosure.catenax.story import story

Kind = Literal["destruction", "material", "remanufacturing", "reuse"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_USUAL: dict[str, Kind] = {"vehicle": "destruction", "component": "remanufacturing"}


def draw(bodies: Iterable[bytes], lot: str, kind: Kind | None = None) -> Document:
    """Return the document of a kind about a lot; without a kind the one that is usual for it.

    Parameters
    ----------
    bodies
        The JSON of every valid event, in the order of capture.
    lot
        A VIN, lot number, part (``VIN-ENG``), EPC URN or GS1 Digital Link.
    kind
        Destruction is usual for vehicles, remanufacturing for components, material for everything else.

    Raises
    ------
    InputError, NotFoundError
        Where the lot cannot be read or no event lists it.
    """
    told = story(bodies, lot)
    chosen = kind or _USUAL.get(told.description.get("kind", ""), "material")
    if chosen == "destruction":
        return destruction(told)
    return material(told) if chosen == "material" else certificate(told, chosen)
