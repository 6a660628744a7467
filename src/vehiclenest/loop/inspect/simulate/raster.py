"""Inner loops of the simulated scanner: what a pinhole sees of a mesh, and whether it sees a given point.

A depth buffer (Catmull 1974) says which triangle each pixel meets; the point is then where its ray meets that triangle's plane.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Real = NDArray[np.float64]
Whole = NDArray[np.int32]


@njit(cache=True, nogil=True)
def buffers(corners: Real, camera: Real, place: Real, focal: float, size: int) -> tuple[Whole, Real]:
    """Return the triangle (size, size) that each pixel meets first, −1 without one, and one over its depth.

    `camera` (3, 3) holds the axes right, down and ahead as rows; `focal` is in pixels; the optical axis meets the middle of the image.
    """
    first = np.full((size, size), -1, dtype=np.int32)
    nearness = np.zeros((size, size))
    half = size / 2.0
    u, v, w = np.empty(3), np.empty(3), np.empty(3)
    for row in range(len(corners)):
        behind = False
        for k in range(3):
            x, y, z = corners[row, k, 0] - place[0], corners[row, k, 1] - place[1], corners[row, k, 2] - place[2]
            depth = camera[2, 0] * x + camera[2, 1] * y + camera[2, 2] * z
            if depth <= 0:
                behind = True
                break
            w[k] = 1 / depth
            u[k] = half + focal * (camera[0, 0] * x + camera[0, 1] * y + camera[0, 2] * z) * w[k]
            v[k] = half + focal * (camera[1, 0] * x + camera[1, 1] * y + camera[1, 2] * z) * w[k]
        if behind:
            continue
        area = (u[1] - u[0]) * (v[2] - v[0]) - (u[2] - u[0]) * (v[1] - v[0])
        if area >= 0:  # turned away: outward normals run the other way round in an image whose rows go down
            continue
        low_u, high_u = max(0, int(np.ceil(min(u) - 0.5))), min(size - 1, int(np.floor(max(u) - 0.5)))
        low_v, high_v = max(0, int(np.ceil(min(v) - 0.5))), min(size - 1, int(np.floor(max(v) - 0.5)))
        for j in range(low_v, high_v + 1):
            for i in range(low_u, high_u + 1):
                x, y = i + 0.5, j + 0.5
                a = ((u[1] - x) * (v[2] - y) - (u[2] - x) * (v[1] - y)) / area
                b = ((u[2] - x) * (v[0] - y) - (u[0] - x) * (v[2] - y)) / area
                c = 1 - a - b
                if a >= 0 and b >= 0 and c >= 0:
                    near = a * w[0] + b * w[1] + c * w[2]
                    if near > nearness[j, i]:
                        nearness[j, i] = near
                        first[j, i] = row
    return first, nearness


@njit(cache=True, nogil=True)
def met(
    first: Whole, corners: Real, normals: Real, camera: Real, place: Real, focal: float
) -> tuple[Real, Real, Whole, NDArray[np.float64]]:
    """Return points (n, 3), unit rays (n, 3) and pixels (n, 2) where rays meet the triangles that they see, and the cosine there (n,)."""
    size = len(first)
    count = 0
    for j in range(size):
        for i in range(size):
            count += first[j, i] >= 0
    points, rays = np.empty((count, 3)), np.empty((count, 3))
    pixels, cosines = np.empty((count, 2), dtype=np.int32), np.empty(count)
    half, n = size / 2.0, 0
    for j in range(size):
        for i in range(size):
            row = first[j, i]
            if row < 0:
                continue
            right, down = (i + 0.5 - half) / focal, (j + 0.5 - half) / focal
            length = np.sqrt(right * right + down * down + 1)
            top, bottom = 0.0, 0.0
            for axis in range(3):
                rays[n, axis] = (right * camera[0, axis] + down * camera[1, axis] + camera[2, axis]) / length
                top += (corners[row, 0, axis] - place[axis]) * normals[row, axis]
                bottom += rays[n, axis] * normals[row, axis]
            cosines[n] = -bottom
            for axis in range(3):
                points[n, axis] = place[axis] + rays[n, axis] * top / bottom
            pixels[n, 0], pixels[n, 1] = i, j
            n += 1
    return points, rays, pixels, cosines


@njit(cache=True, nogil=True)
def seen(
    points: Real, normals: Real, nearness: Real, camera: Real, place: Real, focal: float, steepest: float
) -> NDArray[np.bool_]:
    """Return which points (n, 3) with unit normals (n, 3) a pinhole sees at a cosine of `steepest` or more.

    What lies behind the buffer by no more than what a pixel's width of a slanting face makes is on it.
    """
    size = len(nearness)
    half = size / 2.0
    out = np.zeros(len(points), dtype=np.bool_)
    for n in range(len(points)):
        x, y, z = points[n, 0] - place[0], points[n, 1] - place[1], points[n, 2] - place[2]
        depth = camera[2, 0] * x + camera[2, 1] * y + camera[2, 2] * z
        if depth <= 0:
            continue
        away = np.sqrt(x * x + y * y + z * z)
        cosine = -(x * normals[n, 0] + y * normals[n, 1] + z * normals[n, 2]) / away
        if cosine < steepest:
            continue
        i = int(half + focal * (camera[0, 0] * x + camera[0, 1] * y + camera[0, 2] * z) / depth)
        j = int(half + focal * (camera[1, 0] * x + camera[1, 1] * y + camera[1, 2] * z) / depth)
        if i < 0 or j < 0 or i >= size or j >= size:
            continue
        slack = 2 * depth / focal * np.sqrt(max(0.0, 1 - cosine * cosine)) / cosine + 1e-3 * depth / focal + 1e-6
        if nearness[j, i] == 0 or depth <= 1 / nearness[j, i] + slack:
            out[n] = True
    return out


@njit(cache=True, nogil=True)
def steps(
    first: Whole,
    nearness: Real,
    pixels: Whole,
    corners: Real,
    normals: Real,
    camera: Real,
    place: Real,
    focal: float,
    least: float,
) -> Real:
    """Return for each pixel (n, 2) the greatest step in depth to a pixel beside it, mm, where it is more than `least`; else 0.

    A step is what the pixel beside lies behind or before the plane of the triangle seen here; a face that slants makes none.
    """
    size = len(nearness)
    out = np.zeros(len(pixels))
    for n in range(len(pixels)):
        i, j = pixels[n, 0], pixels[n, 1]
        row = first[j, i]
        away, right, down = 0.0, 0.0, 0.0
        for axis in range(3):
            away += (corners[row, 0, axis] - place[axis]) * normals[row, axis]
            right += camera[0, axis] * normals[row, axis]
            down += camera[1, axis] * normals[row, axis]
        for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            a, b = i + di, j + dj
            plane = nearness[j, i] + (di * right + dj * down) / (focal * away)  # along a plane it changes evenly
            if 0 <= a < size and 0 <= b < size and nearness[b, a] > 0 and plane > 0:
                step = 1 / nearness[b, a] - 1 / plane
                if abs(step) > least and abs(step) > abs(out[n]):
                    out[n] = step
    return out
