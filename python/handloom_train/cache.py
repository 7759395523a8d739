"""Hands of a split as they are trained on, decoded once: for every hand its part of the depth picture and its label.

Decoding takes longer than everything else that happens to a picture, so that shards are read once, by several processes, and
each leaves two files: `{shard}.windows` (16-bit steps, the rectangles of all hands in a row) and `{shard}.npy` (one record per
hand). A rectangle holds the cube however it is turned, so that augmentation is one lookup in the original pixels.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from .crop import Camera, Depth, centre_of_hand
from .shards import KEYPOINTS, DataError, Hand, Sample, samples, shards_of

# a cube's window must stay inside when it is turned (a square's diagonal, 1.42 of its edge) and a little moved or scaled
ROOM = 1.5

RECORD = np.dtype(
    [
        ("start", "<i8"),
        ("shape", "<i4", 2),
        ("origin", "<i4", 2),
        ("unit_m", "<f4"),
        ("camera", "<f4", 4),
        ("centre_m", "<f4", 3),
        ("keypoints_m", "<f4", (KEYPOINTS, 3)),
        ("side", "<i1"),
        ("subject", "<i4"),
    ]
)


@dataclass(frozen=True)
class CachedHand:
    """One hand, ready to be cut."""

    depth: Depth
    camera: Camera
    # centre of the cube, metres
    centre_m: np.ndarray
    # [21, 3], camera frame, metres
    keypoints_m: np.ndarray
    # 0 left, 1 right, -1 not known
    side: int


class HandCache(Sequence[CachedHand]):
    """The hands of a split, in the order of the dataset, mapped into memory."""

    def __init__(self, files: list[Path]) -> None:
        self.records = [np.load(path) for path in files]
        self.windows = [
            np.memmap(path.with_suffix(".windows"), np.uint16, "r") if len(records) else np.zeros(0, np.uint16)
            for path, records in zip(files, self.records)
        ]
        self.ends = np.cumsum([len(records) for records in self.records])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, number: int) -> CachedHand:
        shard = int(np.searchsorted(self.ends, number, side="right"))
        record = self.records[shard][number - self.ends[shard]]
        height, width = (int(n) for n in record["shape"])
        start = int(record["start"])
        steps = self.windows[shard][start : start + height * width].reshape(height, width)
        depth = Depth(steps, float(record["unit_m"]), tuple(int(n) for n in record["origin"]))
        camera = Camera(*(float(v) for v in record["camera"]))
        return CachedHand(depth, camera, record["centre_m"], record["keypoints_m"], int(record["side"]))


def cached(set_folder: Path, split: str, folder: Path, cube_m: float, passes: int, workers: int) -> HandCache:
    """The hands of a split; shards that are not in the cache yet are read first."""
    jobs = [(shard, cache_path(shard, folder, cube_m, passes)) for shard in shards_of(set_folder, split)]
    missing = [job for job in jobs if not job[1].exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        write = partial(write_shard, cube_m=cube_m, passes=passes)
        started = time.monotonic()
        with ProcessPoolExecutor(min(workers, len(missing))) as pool:
            for done, _ in enumerate(pool.map(write, *zip(*missing)), 1):
                left = (time.monotonic() - started) / done * (len(missing) - done)
                print(f"cache of {split}: shard {done} of {len(missing)}, {left:.0f} s left", file=sys.stderr, flush=True)
    hands = HandCache([path for _, path in jobs])
    if len(hands) == 0:
        raise DataError(f"{set_folder}: no hand with depth in the split `{split}`\nhint: look at the set's report.html")
    return hands


def cache_path(shard: Path, folder: Path, cube_m: float, passes: int) -> Path:
    """Where a shard's hands lie; another name when the shard or the crop changes."""
    stat = shard.stat()
    what = [1, str(shard.resolve()), stat.st_size, stat.st_mtime_ns, cube_m, passes, ROOM]
    return folder / f"{shard.stem}-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:12]}.npy"


def write_shard(shard: Path, path: Path, cube_m: float, passes: int) -> None:
    """Reads a shard into the cache; the records come last, so that a cut-off run leaves no half shard."""
    records, start = [], 0
    windows = path.with_suffix(f".windows-{os.getpid()}")
    with windows.open("wb") as file:
        for sample in samples(shard):
            for hand in sample.hands:
                found = window(sample, hand, cube_m, passes)
                if found is None:
                    continue
                depth, centre = found
                file.write(np.ascontiguousarray(depth.steps, "<u2").tobytes())
                records.append(record(sample, hand, depth, centre, start))
                start += depth.steps.size
    windows.replace(path.with_suffix(".windows"))
    partial_path = path.with_suffix(f".npy-{os.getpid()}")
    with partial_path.open("wb") as file:
        np.save(file, np.array(records, RECORD))
    partial_path.replace(path)


def window(sample: Sample, hand: Hand, cube_m: float, passes: int) -> tuple[Depth, np.ndarray] | None:
    """The part of the picture around a hand, and the centre of its cube; None where there is nothing to learn from."""
    if not np.isfinite(hand.keypoints_m).all():
        return None
    centre = centre_of_hand(sample.depth, sample.camera, hand.keypoints_m, cube_m, passes)
    if centre is None:
        return None
    reach = np.array([cube_m, cube_m, 0.0], np.float32) / 2 * ROOM
    (left, top), (right, bottom) = sample.camera.project(np.stack([centre - reach, centre + reach]))
    corners = (int(np.floor(left)), int(np.floor(top)), int(np.ceil(right)), int(np.ceil(bottom)))
    return sample.depth.part(*corners), centre


def record(sample: Sample, hand: Hand, depth: Depth, centre: np.ndarray, start: int) -> tuple:
    """A hand as a `RECORD`."""
    c = sample.camera
    camera = (c.fx, c.fy, c.cx, c.cy)
    place = (start, depth.steps.shape, depth.origin, depth.unit_m, camera)
    return (*place, centre, hand.keypoints_m, hand.side, hand.subject)
