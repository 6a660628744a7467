"""The register of claims, from TOML: [sources] and one [[claim]] each."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vehiclenest.contest.claims.model import Claim, Source
from vehiclenest.core.errors import InputError, NotFoundError, Where

BUNDLED = Path(__file__).with_name("claims.toml")


class Register(BaseModel):
    """Claims by their order in the file, and their sources."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: dict[str, Source]
    claim: tuple[Claim, ...]

    def source_of(self, claim: Claim) -> Source:
        """Return where a claim was read."""
        return self.sources[claim.source]

    def about(self, entry: str) -> tuple[Claim, ...]:
        """Return the claims of one entry; raise `NotFoundError` where it claims nothing."""
        found = tuple(claim for claim in self.claim if claim.entry.casefold() == entry.strip().casefold())
        if not found:
            entries = ", ".join(dict.fromkeys(claim.entry for claim in self.claim))
            raise NotFoundError(f"no claim is from {entry[:60]!r}", expected=f"one of {entries}")
        return found


def read_register(path: Path = BUNDLED) -> Register:
    """Read a register.

    Raises
    ------
    InputError
        Where the file cannot be read, a field is wrong, a claim is there twice or names an unknown source.
    """
    where = Where(str(path))
    try:
        document: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a TOML file", where=where) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"is no TOML: {error}", expected="a TOML file in UTF-8", where=where) from None
    try:
        register = Register.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(first["msg"], where=Where(str(path), field=field)) from None
    seen: set[str] = set()
    for claim in register.claim:
        if claim.source not in register.sources:
            raise InputError(
                f"source {claim.source!r} is not in [sources]", expected=f"one of {', '.join(register.sources)}", where=where
            ).at(field=f"claim {claim.id}")
        if claim.id in seen:
            raise InputError(f"claim {claim.id} is there twice", expected="each once", where=where)
        seen.add(claim.id)
    return register
