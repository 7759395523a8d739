"""Augmentation of JGR-P2O: exactly one of offset, turn, scale or none, equally likely, for each sample and epoch.

Every kind is another cube, cut from the original pixels: moved, turned in the picture about its middle, or larger. Labels are
taken in the cube that was cut. This departs from the published code where that code contradicts itself: there, after an offset
the image keeps the old centre's depth, and after scaling the depths keep the old scale, while the labels do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cache import CachedHand
from .crop import Crop, cut
from .settings import AugmentSettings, CropSettings


@dataclass(frozen=True)
class Cube:
    """How a cube differs from the plain one around the hand."""

    # metres, camera frame
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_rad: float = 0.0
    # edge, of the plain one's
    scale: float = 1.0


def drawn(settings: AugmentSettings, random: np.random.Generator) -> Cube:
    """A cube drawn at random."""
    kind = random.integers(4)
    if kind == 0:
        limit = settings.offset_mm / 1000
        return Cube(offset_m=tuple(np.clip(random.normal(0, limit, 3), -limit, limit)))
    if kind == 1:
        return Cube(turn_rad=np.deg2rad(random.uniform(-settings.turn_deg, settings.turn_deg)))
    if kind == 2:
        limit = settings.scale
        return Cube(scale=float(np.clip(random.normal(1, limit / 2), 1 - limit, 1 + limit)))
    return Cube()


def cut_hand(hand: CachedHand, crop: CropSettings, cube: Cube = Cube()) -> Crop:
    """The crop of a hand; left hands are mirrored where the settings say so."""
    centre = hand.centre_m + np.array(cube.offset_m, np.float32)
    mirrored = crop.mirror_left and hand.side == 0
    edge = crop.cube_mm / 1000 * cube.scale
    found = cut(hand.depth, hand.camera, centre, edge, crop.size_px, cube.turn_rad, mirrored)
    assert found is not None, "a hand behind the camera is not in the cache"
    return found
