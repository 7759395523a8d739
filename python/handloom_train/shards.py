"""Samples of a dataset of `handloom generate`, streamed from its tar shards: depth and labels, no other picture is decoded.

WebDataset: the members of a sample stand side by side and share the name up to the first dot.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .crop import Camera, Depth

KEYPOINTS = 21


class DataError(Exception):
    """A dataset that cannot be used: what is wrong, where, and a hint."""


@dataclass(frozen=True)
class Hand:
    """One labelled hand of a picture."""

    instance: int
    # 0 left, 1 right, -1 not known
    side: int
    # number of the person, -1 not known
    subject: int
    # [21, 3], camera frame, metres; NaN where there is no keypoint
    keypoints_m: np.ndarray


@dataclass(frozen=True)
class Sample:
    """One picture."""

    id: str
    depth: Depth
    camera: Camera
    hands: list[Hand]


def shards_of(folder: Path, split: str) -> list[Path]:
    """The finished shards of a split, in order."""
    shards = sorted(folder.glob(f"{split}-*.tar"))
    if not shards:
        found = sorted({p.name.rsplit("-", 1)[0] for p in folder.glob("*-*.tar")})
        has = f"it has shards of {', '.join(f'`{s}`' for s in found)}" if found else "there is no tar shard in it"
        raise DataError(
            f"{folder}: no shards of the split `{split}`: {has}\n"
            "hint: write the set with `handloom generate presets/jgr.toml` (`[output] format = \"tar\"`) and name its folder"
            " and splits under `[data]`"
        )
    return shards


def members(shard: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Id and files of each sample of a shard, by what follows the first dot; only depth and label are read."""
    wanted = ("depth.png", "json")
    try:
        with tarfile.open(shard, "r:") as tar:
            key, files = None, {}
            for member in tar:
                name, _, kind = member.name.rpartition("/")[2].partition(".")
                if name != key and key is not None:
                    yield key, files
                    files = {}
                key = name
                if kind in wanted:
                    content = tar.extractfile(member)
                    files[kind] = content.read() if content else b""
            if key is not None:
                yield key, files
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{shard}: not a whole tar file: {error}\nhint: write the shard again") from error


def samples(shard: Path) -> Iterator[Sample]:
    """The samples of a shard."""
    for key, files in members(shard):
        missing = [kind for kind in ("depth.png", "json") if kind not in files]
        if missing:
            raise DataError(
                f"{shard}: sample `{key}` has no {' and no '.join(f'`{m}`' for m in missing)}\n"
                "hint: networks of depth need `[output] depth = \"png\"`"
            )
        try:
            yield read_sample(key, files["json"], files["depth.png"])
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise DataError(f"{shard}: sample `{key}`: {error!r}\nhint: write the shard again") from error


def read_sample(key: str, label_json: bytes, depth_png: bytes) -> Sample:
    """A sample from its files."""
    label = json.loads(label_json)
    if label["lens"] != "pinhole":
        raise ValueError(f"lens {label['lens']}: crops are cut from pictures of a pinhole camera only")
    (fx, _, cx), (_, fy, cy), _ = label["k"]
    steps = np.asarray(Image.open(io.BytesIO(depth_png)))
    if steps.dtype.itemsize < 2 or steps.shape != (label["height"], label["width"]):
        raise ValueError(f"depth.png is {steps.dtype} {steps.shape}, expected 16 bit {label['height'], label['width']}")
    depth = Depth(steps.astype(np.uint16), float(label["depth_unit_m"]))
    return Sample(key, depth, Camera(fx, fy, cx, cy), [read_hand(hand) for hand in label["hands"]])


def read_hand(hand: dict) -> Hand:
    """A hand of a label."""
    nowhere = [np.nan] * 3
    keypoints = np.array([nowhere if p is None else p for p in hand["keypoints_camera_m"]], np.float32)
    if keypoints.shape != (KEYPOINTS, 3):
        raise ValueError(f"`keypoints_camera_m` is {keypoints.shape}, expected {(KEYPOINTS, 3)}")
    subject = hand.get("subject")
    side = {"left": 0, "right": 1}.get(hand.get("side"), -1)
    return Hand(hand["instance"], side, -1 if subject is None else subject, keypoints)
