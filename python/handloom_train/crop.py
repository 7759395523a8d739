"""Depth crops: a cube around the hand, cut from a depth picture and normalised to [-1, 1].

The same steps in the same order and precision as `handloom crop` and the tracker of handloom, so that a network sees in
training what it will be shown later:

1. Centre: mean of the hand's points, then again of the points inside the cube around it, until it stands.
2. The cube's faces at the centre's depth, projected, are the window; its edges are rounded to whole pixels.
3. The window is resampled to a square by nearest neighbour; what lies outside the picture has no depth.
4. Depth nearer than the front is brought to the front, depth beyond the back and missing depth to the back.
5. (depth - centre depth) / half the cube's edge: -1 at the front, 1 at the back and where nothing is.

Pixels count from the corner of the first one, whose centre is (0.5, 0.5). Camera: +X right, +Y down, +Z forward, metres. All
arithmetic is in float32, sums in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# depth nearer than this is no surface, metres
NEAREST_M = np.float32(0.01)

_F = np.float32


@dataclass(frozen=True)
class Camera:
    """Pinhole: focal lengths and principal point, pixels."""

    fx: float
    fy: float
    cx: float
    cy: float

    def project(self, points_m: Floats) -> Floats:
        """[..., 3] metres to [..., 2] pixels."""
        ideal = points_m[..., :2] / points_m[..., 2:]
        return ideal * self._focal() + self._centre()

    def unproject(self, pixels: Floats, z_m: Floats) -> Floats:
        """[..., 2] pixels and [...] depth along the axis to [..., 3] metres."""
        ideal = (pixels - self._centre()) / self._focal()
        return np.concatenate([ideal * z_m[..., None], z_m[..., None]], axis=-1)

    def _focal(self) -> Floats:
        return np.array([self.fx, self.fy], _F)

    def _centre(self) -> Floats:
        return np.array([self.cx, self.cy], _F)


@dataclass(frozen=True)
class Depth:
    """A depth picture, or a rectangle of one: steps [H, W] of `unit_m` metres along the axis, 0 where no surface is.

    `origin` is the column and row of the rectangle's first pixel in the picture.
    """

    steps: NDArray
    unit_m: float
    origin: tuple[int, int] = (0, 0)

    def metres(self) -> Floats:
        """[H, W]."""
        return to_metres(self.steps, self.unit_m)

    def at(self, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Floats:
        """Metres at pixels of the picture; 0 outside."""
        height, width = self.steps.shape
        columns, rows = columns - self.origin[0], rows - self.origin[1]
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        steps = self.steps[np.where(inside, rows, 0), np.where(inside, columns, 0)]
        return np.where(inside, to_metres(steps, self.unit_m), _F(0))

    def part(self, left: int, top: int, right: int, bottom: int) -> Depth:
        """The rectangle of the picture from (left, top) to before (right, bottom), as far as there is a picture."""
        x, y = self.origin
        height, width = self.steps.shape
        left, right = (int(np.clip(c - x, 0, width)) for c in (left, right))
        top, bottom = (int(np.clip(r - y, 0, height)) for r in (top, bottom))
        return Depth(self.steps[top:bottom, left:right], self.unit_m, (x + left, y + top))


def to_metres(steps: NDArray, unit_m: float) -> Floats:
    """Depth of a picture's steps."""
    return (steps.astype(np.float64) * np.float64(_F(unit_m))).astype(_F)


class Points:
    """The points of a depth picture, for means over some of them."""

    def __init__(self, depth: Depth, camera: Camera) -> None:
        z = depth.metres()
        rows, columns = np.nonzero((z >= NEAREST_M) & np.isfinite(z))
        pixels = np.stack([columns + depth.origin[0], rows + depth.origin[1]], axis=1).astype(_F) + _F(0.5)
        self.points_m = camera.unproject(pixels, z[rows, columns])
        self.rows, self.columns = rows, columns

    def mean(self, picked: NDArray[np.bool_]) -> Floats | None:
        """Mean of the picked points [3], metres; None if there are none."""
        if not picked.any():
            return None
        return self.points_m[picked].mean(axis=0, dtype=np.float64).astype(_F)

    def inside(self, centre_m: Floats, half_m: float) -> NDArray[np.bool_]:
        """Which points are in the cube around a centre."""
        return (np.abs(self.points_m - centre_m) <= _F(half_m)).all(axis=1)

    def refined(self, start_m: Floats, cube_m: float, passes: int) -> Floats:
        """The centre, moved to the mean of the points in the cube around it; where it would leave all points it stays."""
        half = _F(cube_m) / _F(2)
        for _ in range(passes):
            mean = self.mean(self.inside(start_m, half))
            start_m = start_m if mean is None else mean
        return start_m

    def nearest_thing(self, cube_m: float) -> Floats | None:
        """Mean of what is within half an edge behind the nearest point (single pixels in front are noise)."""
        z = np.sort(self.points_m[:, 2])
        if len(z) == 0:
            return None
        front = z[len(z) // 1000]
        return self.mean((self.points_m[:, 2] >= front) & (self.points_m[:, 2] < front + _F(cube_m) / _F(2)))


def centre_of_hand(depth: Depth, camera: Camera, keypoints_m: Floats, cube_m: float, passes: int) -> Floats | None:
    """Where the cube of a labelled hand goes: the mean of what is near its keypoints [N, 3] (NaN: not known), refined.

    Without keypoints it is the nearest thing; None if there is no surface.
    """
    points = Points(depth, camera)
    known = keypoints_m[np.isfinite(keypoints_m).all(axis=1)]
    if len(known) == 0:
        start = points.nearest_thing(cube_m)
    else:
        middle = known.sum(axis=0, dtype=_F) / _F(len(known))
        start = points.mean(points.inside(middle, _F(cube_m) / _F(2)))
    return None if start is None else points.refined(start, cube_m, passes)


@dataclass(frozen=True)
class Crop:
    """One hand's cube of a depth picture."""

    # [S, S], -1 at the front of the cube, 1 at its back and where nothing is
    image: Floats
    # centre of the cube, camera frame, metres
    centre_m: Floats
    # edge of the cube, metres
    cube_m: float
    # [2, 3]: pixels of the picture from pixels of the crop
    picture_from_crop: Floats
    camera: Camera

    def to_camera(self, answers: Floats) -> Floats:
        """(u, v, z) of a network, u and v in 0..1 and z in half edges, to metres of the camera frame; [..., 3]."""
        m, size = self.picture_from_crop, _F(self.image.shape[0])
        pixels = (answers[..., :2] * size) @ m[:, :2].T + m[:, 2]
        z = answers[..., 2] * _F(self.cube_m) / _F(2) + self.centre_m[2]
        return self.camera.unproject(pixels.astype(_F), z.astype(_F))

    def from_camera(self, points_m: Floats) -> Floats:
        """Metres of the camera frame to what a network is taught, (u, v, z); [..., 3]. z is not clamped."""
        m, size = self.picture_from_crop, _F(self.image.shape[0])
        crop_px = (self.camera.project(points_m) - m[:, 2]) @ np.linalg.inv(m[:, :2]).T.astype(_F)
        z = (points_m[..., 2:] - self.centre_m[2]) / (_F(self.cube_m) / _F(2))
        return np.concatenate([crop_px / size, z], axis=-1).astype(_F)


def cut(
    depth: Depth,
    camera: Camera,
    centre_m: Floats,
    cube_m: float,
    size_px: int,
    turn_rad: float = 0.0,
    mirrored: bool = False,
) -> Crop | None:
    """Cuts the cube around a centre, turned in the picture and mirrored on request; None if it is not before the camera.

    A crop that is turned by +90 degrees shows at its right what the picture has below.
    """
    if not centre_m[2] >= NEAREST_M:
        return None
    half = _F(cube_m) / _F(2)
    corners = np.stack([centre_m + np.array([s * half, s * half, 0], _F) for s in (-1, 1)])
    start, end = np.floor(camera.project(corners) + _F(0.5))
    step = np.maximum(end - start, _F(1)) / _F(size_px)
    pixels = np.arange(size_px, dtype=_F) + _F(0.5)
    if turn_rad == 0.0 and not mirrored:
        m = np.array([[step[0], 0, start[0]], [0, step[1], start[1]]], _F)
        columns, rows = start[0] + pixels * step[0], (start[1] + pixels * step[1])[:, None]
    else:
        m = _turned(start, step, size_px, turn_rad, mirrored)
        x, y = pixels[None, :], pixels[:, None]
        columns = m[0, 0] * x + m[0, 1] * y + m[0, 2]
        rows = m[1, 0] * x + m[1, 1] * y + m[1, 2]
    z = depth.at(np.floor(columns).astype(np.int64), np.floor(rows).astype(np.int64))
    with np.errstate(invalid="ignore"):
        image = np.clip((z - centre_m[2]) / half, _F(-1), _F(1))
    image = np.where((z >= NEAREST_M) & np.isfinite(z), image, _F(1))
    return Crop(image, centre_m, float(cube_m), m, camera)


def _turned(start: Floats, step: Floats, size_px: int, turn_rad: float, mirrored: bool) -> Floats:
    """[2, 3]: the window around its middle, turned and mirrored."""
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    linear = np.diag(step.astype(np.float64)) @ np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    middle = np.full(2, size_px / 2)
    shift = start + step * _F(size_px / 2) - linear @ middle
    return np.concatenate([linear, shift[:, None]], axis=1).astype(_F)
