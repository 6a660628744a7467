"""A car cabin as its file says: size, absorption by band, seats with heads, loudspeakers, points to score at.

Axes: x from the windscreen to the rear, y from the left wall to the right, z up; the origin is the front left corner of the floor.
Listeners look along −x; a positive yaw turns a head to its left.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vehiclenest.core.errors import InputError, Where

Real = NDArray[np.float64]
SURFACES = ("front", "back", "left", "right", "floor", "ceiling")
_BUNDLED = Path(__file__).with_name("cabins")
_Vector = tuple[float, float, float]
_Share = Annotated[float, Field(ge=0, le=1)]
_Absorption = Annotated[float, Field(gt=0, lt=1)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Absorption(_Record):
    """Energy absorption by octave band: of every surface, or of one where it has a list of its own."""

    hz: tuple[_Positive, ...] = Field(min_length=2)
    every: tuple[_Absorption, ...]
    front: tuple[_Absorption, ...] | None = None
    back: tuple[_Absorption, ...] | None = None
    left: tuple[_Absorption, ...] | None = None
    right: tuple[_Absorption, ...] | None = None
    floor: tuple[_Absorption, ...] | None = None
    ceiling: tuple[_Absorption, ...] | None = None

    def of(self, surface: str) -> tuple[float, ...]:
        """Return the absorption of a surface by band."""
        own: tuple[float, ...] | None = getattr(self, surface)
        return own or self.every


class Directivity(_Record):
    """First-order directivity by frequency: amplitude share + (1 − share)·cos of the angle to the axis; 1 is a monopole, .5 a cardioid."""

    hz: tuple[_Positive, ...] = Field(min_length=2)
    omni_share: tuple[_Share, ...]


class Head(_Record):
    """The listeners' heads: rigid spheres, or none."""

    kind: Literal["rigid-sphere", "none"] = "rigid-sphere"
    radius_m: Annotated[float, Field(ge=0.05, le=0.15)] = 0.0875
    ear_azimuth_deg: Annotated[float, Field(ge=60, le=120)] = 100.0


class Screen(_Record):
    """An upright panel across the cabin, such as a seat back: sound passes around its edges."""

    x_m: float
    y_m: tuple[float, float]
    z_m: tuple[float, float]


class Seat(_Record):
    """A seat: where its listener's head is. `free_back_m` says how far the head can go back before the headrest stops it."""

    name: str = Field(min_length=1)
    head_m: _Vector
    free_back_m: Annotated[float, Field(ge=0)] = 0.1
    screens: tuple[Screen, ...] = ()


class Loudspeaker(_Record):
    """A loudspeaker: `seat` names the listener that it stands next to; its gain is limited to `gain_limit_db` per filter and frequency."""

    name: str = Field(min_length=1)
    position_m: _Vector
    aim: _Vector = (-1.0, 0.0, 0.0)
    directivity: str | None = None
    seat: str | None = None
    gain_limit_db: Annotated[float, Field(ge=-20, le=40)] = 12.0


class Point(_Record):
    """A point in the air that belongs to a seat."""

    seat: str
    point_m: _Vector


class Cabin(_Record):
    """A cabin with everything in it."""

    name: str
    size_m: tuple[_Positive, _Positive, _Positive]
    temperature_c: Annotated[float, Field(ge=-40, le=85)] = 20.0
    absorption: Absorption
    head: Head = Head()
    directivity: dict[str, Directivity] = {}
    seat: tuple[Seat, ...] = Field(min_length=2, max_length=4)
    loudspeaker: tuple[Loudspeaker, ...] = Field(min_length=2, max_length=64)
    control: tuple[Point, ...] = ()
    evaluation: tuple[Point, ...] = ()

    @property
    def heads(self) -> Real:
        """Centres of the heads, m, shape (seats, 3)."""
        return np.array([seat.head_m for seat in self.seat])

    @property
    def volume_m3(self) -> float:
        """Volume of the bare cabin."""
        return float(np.prod(self.size_m))

    def eyring_decay_s(self) -> Real:
        """Return the reverberation time by band of the absorption's `hz` after Eyring, s."""
        length, width, height = self.size_m
        area = {"front": width * height, "left": length * height, "floor": length * width}
        area |= {"back": area["front"], "right": area["left"], "ceiling": area["floor"]}
        total = sum(area.values())
        mean = sum(area[name] * np.array(self.absorption.of(name)) for name in SURFACES) / total
        return cast("Real", -24 * np.log(10) * self.volume_m3 / (speed_of_sound(self.temperature_c) * total * np.log1p(-mean)))


def speed_of_sound(temperature_c: float) -> float:
    """Return the speed of sound in dry air, m/s (ideal gas: 331.3 m/s at 0 °C, proportional to the root of the absolute temperature)."""
    return 331.3 * float(np.sqrt(1 + temperature_c / 273.15))


def bundled_cabins() -> tuple[str, ...]:
    """Return the names of the cabins that come with the package."""
    return tuple(sorted(path.stem for path in _BUNDLED.glob("*.toml")))


def load_cabin(source: str | Path) -> Cabin:
    """Read a cabin file, or a bundled cabin by its name.

    Raises
    ------
    InputError
        Where the file cannot be read, a value is missing or out of range, or something stands outside the cabin or inside a head.
    """
    bundled = _BUNDLED / f"{source}.toml"
    path = bundled if bundled.is_file() and not Path(source).is_file() else Path(source)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{source} cannot be read: {error.strerror}", expected=f"a cabin file, or one of {', '.join(bundled_cabins())}"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"not TOML: {error}", expected="TOML in UTF-8", where=Where(str(path))) from None
    try:
        cabin = Cabin.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{first['msg']} (here: {first['input']!r:.60})", where=Where(str(path), field=field)) from None
    try:
        _check(cabin)
    except InputError as error:
        raise error.at(file=str(path)) from None
    return cabin


def _check(cabin: Cabin) -> None:
    for name in ("every", *SURFACES):
        _same_length(f"absorption.{name}", cabin.absorption.hz, getattr(cabin.absorption, name))
    for name, directivity in cabin.directivity.items():
        _same_length(f"directivity.{name}.omni_share", directivity.hz, directivity.omni_share)
    seats = [seat.name for seat in cabin.seat]
    _unique("seat", seats)
    _unique("loudspeaker", [speaker.name for speaker in cabin.loudspeaker])
    for seat in cabin.seat:
        _inside(cabin, f"seat {seat.name}, head_m", seat.head_m, cabin.head.radius_m)
    for speaker in cabin.loudspeaker:
        field = f"loudspeaker {speaker.name}"
        _inside(cabin, f"{field}, position_m", speaker.position_m)
        _outside_heads(cabin, f"{field}, position_m", speaker.position_m)
        _known(f"{field}, seat", speaker.seat, seats)
        _known(f"{field}, directivity", speaker.directivity, list(cabin.directivity))
        if not any(speaker.aim):
            raise InputError("the axis is 0, 0, 0", expected="a direction", where=Where(field=f"{field}, aim"))
    for kind, points in (("control", cabin.control), ("evaluation", cabin.evaluation)):
        for number, point in enumerate(points, 1):
            _known(f"{kind} {number}, seat", point.seat, seats)
            _inside(cabin, f"{kind} {number}, point_m", point.point_m)
            _outside_heads(cabin, f"{kind} {number}, point_m", point.point_m)
        if points and (missing := set(seats) - {point.seat for point in points}):
            raise InputError(
                f"no point for {', '.join(sorted(missing))}", expected="points for every seat", where=Where(field=kind)
            )


def _same_length(field: str, hz: tuple[float, ...], values: tuple[float, ...] | None) -> None:
    if values is not None and len(values) != len(hz):
        raise InputError(f"{len(values)} values for {len(hz)} bands", expected=f"{len(hz)} values", where=Where(field=field))
    if list(hz) != sorted(set(hz)):
        raise InputError("the bands are not in rising order", expected="each hz above the one before", where=Where(field=field))


def _unique(field: str, names: list[str]) -> None:
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{twice!r} stands twice", expected="a name of its own for each", where=Where(field=field))


def _known(field: str, name: str | None, names: list[str]) -> None:
    if name is not None and name not in names:
        raise InputError(
            f"{name!r} is not in the file", expected=f"one of {', '.join(names) or '(none)'}", where=Where(field=field)
        )


def _inside(cabin: Cabin, field: str, position: _Vector, margin: float = 0.01) -> None:
    for axis, value, size in zip("xyz", position, cabin.size_m, strict=True):
        if not margin <= value <= size - margin:
            raise InputError(
                f"{axis} = {value:g} m is outside the cabin",
                expected=f"{margin:g} to {size - margin:g} m",
                where=Where(field=field),
            )


def _outside_heads(cabin: Cabin, field: str, position: _Vector) -> None:
    if cabin.head.kind == "none":
        return
    distance = np.linalg.norm(cabin.heads - np.array(position), axis=1)
    nearest = int(distance.argmin())
    if distance[nearest] < cabin.head.radius_m:
        raise InputError(
            f"the point is inside the head at {cabin.seat[nearest].name}",
            expected=f"at least {cabin.head.radius_m:g} m from its centre",
            where=Where(field=field),
        )
