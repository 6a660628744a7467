"""The card beside the mesh of a part (part.stl → part.toml): what the mesh itself does not say."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.files import foreign, opened
from vehiclenest.loop.inspect.reading.units import Unit

_GREATEST_CARD = 65_536  # bytes
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Card(BaseModel):
    """What is known of a part besides its mesh; `tolerance_mm` is how far a surface may lie off, `unit` that of the mesh's file.

    `marks` are part numbers that may stand on it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Word
    family: Word = "unknown"
    material: Word = "unknown"
    tolerance_mm: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = None
    unit: Unit | None = None
    marks: Annotated[tuple[Word, ...], Field(max_length=50)] = ()


def read_card(mesh: Path) -> Card:
    """Read the card beside the mesh of a part; without one the part is called as its file.

    Raises
    ------
    InputError
        Where the card is no TOML, or has a key or value that a card has not.
    """
    path = Path(mesh).with_suffix(".toml")
    if not path.exists():
        return Card(id=Path(mesh).stem)
    opened(path, (".toml",), greatest=_GREATEST_CARD)
    with foreign(path, "TOML"):
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    known = list(Card.model_fields)
    if unknown := [key for key in document if key not in known]:
        raise InputError(
            f"{unknown[0]!r} is not known", expected=f"a card has {', '.join(known)}", where=Where(str(path), field=unknown[0])
        )
    try:
        return Card.model_validate({"id": Path(mesh).stem, **document})
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"][:1])
        raise InputError(
            f"{fault['input']!r}: {fault['msg']}", expected="correct the card", where=Where(str(path), field=field)
        ) from None
