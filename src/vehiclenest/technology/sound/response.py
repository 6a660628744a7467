"""What arrives at ears and points from every loudspeaker: image sources above the cabin's Schroeder frequency, damped modes below it.

Images and wall losses come from pyroomacoustics (Allen and Berkley 1979); heads, seats and directivity are laid over every path. The heads of
others scatter nothing except the sound of the loudspeakers beside them; walls reflect with a real factor; air absorbs nothing (8 kHz, 9 m:
below 1 dB).
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (pyroomacoustics has no types)

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyroomacoustics
from numpy.typing import NDArray

from vehiclenest.core.constants import Row, load_table
from vehiclenest.technology.sound.cabin import Cabin, Loudspeaker, speed_of_sound
from vehiclenest.technology.sound.modal import modal_response
from vehiclenest.technology.sound.paths import SHADOW_ANGLES, add_paths
from vehiclenest.technology.sound.sphere import distant_source, near_source

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_COSINES = np.cos(np.linspace(0, np.pi, SHADOW_ANGLES))
_WALLS = {"west": "front", "east": "back", "south": "left", "north": "right", "floor": "floor", "ceiling": "ceiling"}


@dataclass(frozen=True, slots=True)
class Condition:
    """How things stand when somebody listens, against the cabin's file.

    Attributes
    ----------
    name
        What deviates.
    warmer_k
        Air temperature above the file's, K.
    shift_m, yaw_deg
        Of every head; shift in the cabin's axes, cut where the headrest is.
    gain_db
        Deviation of each loudspeaker, empty for none.
    """

    name: str = "nominal"
    warmer_k: float = 0.0
    shift_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    gain_db: tuple[float, ...] = ()

    def heads(self, cabin: Cabin) -> Real:
        """Return the centres of the heads, m, shape (seats, 3)."""
        shift = np.tile(self.shift_m, (len(cabin.seat), 1)).astype(np.float64)
        shift[:, 0] = np.minimum(shift[:, 0], [seat.free_back_m for seat in cabin.seat])
        return cabin.heads + shift


@dataclass(frozen=True, slots=True)
class Receivers:
    """Points where sound is heard: positions, m, shape (receivers, 3), and the seat that each belongs to."""

    position: Real
    seat: NDArray[np.int64]


def constants() -> Row:
    """Return the constants of the model."""
    return load_table(Path(__file__).with_name("sound.toml"))["model"]


def ears(cabin: Cabin, condition: Condition) -> Receivers:
    """Return the left and right ear of every seat's listener, shape (2 · seats, 3)."""
    heads = condition.heads(cabin)
    azimuth = np.deg2rad(condition.yaw_deg + np.array([cabin.head.ear_azimuth_deg, -cabin.head.ear_azimuth_deg]))
    # Ahead is −x and left is −y, so an azimuth to the left turns −x towards −y.
    offset = cabin.head.radius_m * np.column_stack([-np.cos(azimuth), -np.sin(azimuth), np.zeros(2)])
    return Receivers((heads[:, None, :] + offset).reshape(-1, 3), np.repeat(np.arange(len(heads)), 2))


@dataclass(slots=True)
class Responses:
    """Computes transfer functions of a cabin at given frequencies, in equal steps, Hz.

    `images`, `modes` choose one model for checks; by default the two are crossfaded at the Schroeder frequency.
    """

    cabin: Cabin
    frequency: Real
    model: str = "both"
    _row: Row = field(default_factory=constants)

    def schroeder_hz(self) -> float:
        """Return the frequency above which image sources are valid, 2000 √(T/V), with T at that frequency."""
        decay, hz = self.cabin.eyring_decay_s(), np.array(self.cabin.absorption.hz)
        found = 300.0
        for _ in range(20):
            decay_there = float(np.interp(np.log(found), np.log(hz), decay))
            found = self._row.number("schroeder_factor") * np.sqrt(decay_there / self.cabin.volume_m3)
        return float(found)

    def transfer(self, receivers: Receivers, condition: Condition) -> Complex:
        """Return the transfer functions, shape (receivers, loudspeakers, frequencies).

        The pressure is that of a source whose free field on its axis is exp(−jkr)/4πr, times the loudspeaker's deviation in gain.
        """
        speed = speed_of_sound(self.cabin.temperature_c + condition.warmer_k)
        wavenumber = 2 * np.pi * self.frequency / speed
        heads = condition.heads(self.cabin)
        near_head = self._near_head(receivers, heads)
        share = self._image_share()
        out = np.zeros((len(receivers.position), len(self.cabin.loudspeaker), len(self.frequency)), complex)
        above, below = share > 0, share < 1
        direct = self._near_fields(receivers, heads, near_head, wavenumber)
        if above.any():
            out[:, :, above] += share[above] * self._images(receivers, heads, near_head, wavenumber, direct, above)
        if below.any():
            out[:, :, below] += (1 - share[below]) * self._modes(receivers, heads, near_head, wavenumber, speed, direct, below)
        if condition.gain_db:
            out *= 10 ** (np.array(condition.gain_db) / 20)[None, :, None]
        return out

    def _image_share(self) -> Real:
        """Return the weight of the image sources by frequency; the rest is the modes'."""
        if self.model != "both":
            return np.full(len(self.frequency), 1.0 if self.model == "images" else 0.0)
        octaves = np.log2(np.maximum(self.frequency, 1e-3) / self.schroeder_hz()) / self._row.number("crossfade")
        return np.sin(np.pi / 2 * np.clip(octaves + 0.5, 0, 1)) ** 2

    def _near_head(self, receivers: Receivers, heads: Real) -> NDArray[np.bool_]:
        if self.cabin.head.kind == "none":
            return np.zeros(len(receivers.position), bool)
        distance = np.linalg.norm(receivers.position - heads[receivers.seat], axis=1)
        return distance < self._row.number("head_reach")

    def _own_head(self, speaker: Loudspeaker, heads: Real) -> int:
        """Return the index of the head that a loudspeaker stands next to, −1 for none."""
        if self.cabin.head.kind == "none":
            return -1
        distance = np.linalg.norm(heads - np.array(speaker.position_m), axis=1)
        nearest = int(distance.argmin())
        return nearest if distance[nearest] < self._row.number("head_reach") else -1

    def _near_fields(
        self, receivers: Receivers, heads: Real, near_head: NDArray[np.bool_], wavenumber: Real
    ) -> dict[tuple[int, int], tuple[Complex, Real]]:
        """Return the direct field where loudspeaker and receiver stand near one head, by (receiver, loudspeaker)."""
        found: dict[tuple[int, int], tuple[Complex, Real]] = {}
        radius = self.cabin.head.radius_m
        for index, speaker in enumerate(self.cabin.loudspeaker):
            own = self._own_head(speaker, heads)
            for receiver in np.flatnonzero(near_head & (receivers.seat == own)):
                source = np.array(speaker.position_m) - heads[own]
                point = receivers.position[receiver] - heads[own]
                way = point - source
                cosine = float(way @ _unit(speaker.aim) / np.linalg.norm(way))
                omni = self._omni_share(speaker)
                gain = omni + (1 - omni) * cosine
                source *= max(1.0, 1.02 * radius / float(np.linalg.norm(source)))  # a moved head pushes the loudspeaker aside
                found[int(receiver), index] = near_source(wavenumber, radius, source, point), gain
        return found

    def _omni_share(self, speaker: Loudspeaker) -> Real:
        if speaker.directivity is None:
            return np.ones(len(self.frequency))
        table = self.cabin.directivity[speaker.directivity]
        return np.interp(np.log(np.maximum(self.frequency, 1.0)), np.log(table.hz), table.omni_share)

    def _images(
        self,
        receivers: Receivers,
        heads: Real,
        near_head: NDArray[np.bool_],
        wavenumber: Real,
        direct: dict[tuple[int, int], tuple[Complex, Real]],
        above: NDArray[np.bool_],
    ) -> Complex:
        k = np.ascontiguousarray(wavenumber[above])
        radius = self.cabin.head.radius_m
        centre = np.where(near_head[:, None], heads[receivers.seat], receivers.position)
        away = np.linalg.norm(receivers.position - centre, axis=1).round(6)
        radii, table = np.unique(away[near_head], return_inverse=True)
        tables = np.zeros((len(radii), SHADOW_ANGLES, len(k)), complex)
        for index, distance in enumerate(radii):
            tables[index] = distant_source(k, radius, max(float(distance), radius), _COSINES)
        at = np.full(len(near_head), -1)
        at[near_head] = table
        screens = np.array([(s.x_m, *s.y_m, *s.z_m) for seat in self.cabin.seat for s in seat.screens]).reshape(-1, 5)
        floor = 10 ** (-self._row.number("screen_loss") / 20)
        size = np.array(self.cabin.size_m)
        out = np.zeros((len(self.cabin.loudspeaker), len(receivers.position), len(k)), complex)
        for index, speaker in enumerate(self.cabin.loudspeaker):
            image, parity, damping = self._image_sources(speaker, self.frequency[above])
            own = self._own_head(speaker, heads)
            offset, shadow = np.zeros(3), np.zeros((0, 0), complex)
            if own >= 0:
                offset = heads[own] - np.array(speaker.position_m)
                apart = max(float(np.linalg.norm(offset)), radius)
                shadow = distant_source(k, radius, apart, _COSINES) * np.exp(-1j * apart * k[None, :] * _COSINES[:, None])
            elsewhere = np.array([(receiver, index) in direct for receiver in range(len(at))])
            add_paths(
                out[index], k, image, parity, damping, _unit(speaker.aim), self._omni_share(speaker)[above], offset, shadow,
                receivers.position, centre, at, tables, elsewhere, size, screens, floor,
            )  # fmt: skip
        for (receiver, index), (field_there, gain) in direct.items():
            out[index, receiver] += (field_there * gain)[above]
        return out.transpose(1, 0, 2)

    def _image_sources(self, speaker: Loudspeaker, frequency: Real) -> tuple[Real, Real, Real]:
        """Return image positions (I, 3), their mirrored axes as ±1 (I, 3) and what the walls leave, shape (I, frequencies)."""
        absorption = self.cabin.absorption
        hz = list(absorption.hz)
        materials: dict[str, Any] = {
            wall: pyroomacoustics.Material({"coeffs": list(absorption.of(surface)), "center_freqs": hz})
            for wall, surface in _WALLS.items()
        }
        reach = self._row.number("reach")
        order = int(np.ceil(reach * np.sqrt(np.sum(1 / np.square(self.cabin.size_m))))) + 1
        room: Any = pyroomacoustics.ShoeBox(
            self.cabin.size_m, fs=int(4 * hz[-1]), materials=materials, max_order=order, air_absorption=False
        )
        room.add_source(list(speaker.position_m))
        room.add_microphone([length / 2 for length in self.cabin.size_m])  # it asks for one, the images do not depend on it
        room.image_source_model()
        source: Any = room.sources[0]
        image = cast("Real", np.asarray(source.images, np.float64).T)
        distance = np.linalg.norm(image - np.array(speaker.position_m), axis=1)
        kept = np.flatnonzero(distance < reach)
        kept = kept[np.argsort(distance[kept], kind="stable")]
        parity = np.where(np.asarray(source.orders_xyz).T[kept] % 2 == 0, 1.0, -1.0)
        centers = np.asarray(room.octave_bands.centers, np.float64)
        by_band = np.asarray(source.damping, np.float64)[:, kept]
        position = np.interp(np.log(np.maximum(frequency, 1.0)), np.log(centers), np.arange(len(centers)))
        low = np.minimum(position.astype(int), len(centers) - 2)
        weight = position - low
        damping = by_band[low] * (1 - weight)[:, None] + by_band[low + 1] * weight[:, None]
        return np.ascontiguousarray(image[kept]), parity, np.ascontiguousarray(damping.T)

    def _modes(
        self,
        receivers: Receivers,
        heads: Real,
        near_head: NDArray[np.bool_],
        wavenumber: Real,
        speed: float,
        direct: dict[tuple[int, int], tuple[Complex, Real]],
        below: NDArray[np.bool_],
    ) -> Complex:
        """Return the modal response; a small rigid sphere acts as if points near it stood further out (Kuhn 1977, low-frequency limit)."""
        hz = self.frequency[below]
        decay = np.interp(np.log(np.maximum(hz, 1.0)), np.log(self.cabin.absorption.hz), self.cabin.eyring_decay_s())
        point, source = receivers.position.copy(), np.array([speaker.position_m for speaker in self.cabin.loudspeaker])
        for index in np.flatnonzero(near_head):
            point[index] = self._pushed_out(point[index], heads[receivers.seat[index]])
        for index, speaker in enumerate(self.cabin.loudspeaker):
            if (own := self._own_head(speaker, heads)) >= 0:
                source[index] = self._pushed_out(source[index], heads[own])
        margin = 1e-3
        size = np.array(self.cabin.size_m)
        point, source = (np.clip(place, margin, size - margin) for place in (point, source))
        k = wavenumber[below]
        out = modal_response(size, source, point, k, decay, speed)
        for (receiver, index), (field_there, gain) in direct.items():
            apart = float(np.linalg.norm(point[receiver] - source[index]))
            out[receiver, index] += (field_there * gain)[below] - np.exp(-1j * k * apart) / (4 * np.pi * apart)
        return out

    def _pushed_out(self, place: Real, head: Real) -> Real:
        offset = place - head
        radius = self.cabin.head.radius_m
        distance = max(float(np.linalg.norm(offset)), radius)
        return head + offset * (1 + radius**3 / (2 * distance**3))


def _unit(vector: tuple[float, float, float]) -> Real:
    return np.array(vector) / np.linalg.norm(vector)
