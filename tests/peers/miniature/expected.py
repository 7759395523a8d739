"""What a reader must make of a miniature: `expected.json`.

Metres, camera frame +X right +Y down +Z forward; pixels from the corner of the first; joints in the order of `truth`;
`null` where the set says nothing.
"""

import json

import numpy as np

from .draw import write
from .truth import project

# formats that project with K xyz / z into pixel indices: the middle of the first pixel is 0
CENTRE = {"counts_from": "centre", "shift": 0.5}
CORNER = {"counts_from": "corner", "shift": 0.0}


def rounded(values, digits):
    values = np.asarray(values, float)
    return [None if not np.isfinite(row).all() else [round(float(x), digits) for x in row] for row in values]


def hand(side, joints_m, pixels, visibility, subject=None, extra=None):
    """`joints_m`, `pixels`: 21 rows, NaN for what is not there, or None. `extra`: name to (point, pixel)."""
    nothing = np.full((21, 3), np.nan)
    points = nothing if joints_m is None else joints_m
    pixels = nothing[:, :2] if pixels is None else pixels
    extra = {
        name: {"camera_m": None if p is None else rounded([p], 6)[0], "px": None if q is None else rounded([q], 3)[0]}
        for name, (p, q) in (extra or {}).items()
    }
    return {
        "side": side,
        "subject": subject,
        "joints_m": rounded(points, 6),
        "px": rounded(pixels, 3),
        "visibility": visibility,
        "extra": extra,
    }


def states(joints, k, width, height, seen=None):
    """Visibility of projected joints: `seen` is what the set says, else it is unstated; outside counts first."""
    out = []
    for joint in range(21):
        if not np.isfinite(joints[joint]).all():
            out.append("absent")
            continue
        u, v = project(k, joints[joint])
        inside = 0 <= u < width and 0 <= v < height
        out.append("outside" if not inside else "unstated" if seen is None else "visible" if seen[joint] else "hidden")
    return out


def picture_probes(picture, depth_m, hands, k, extra=()):
    """Some pixels with colour and depth: every seen joint's, two of the background, and those asked for."""
    places = [(1, 1), (picture.width - 2, picture.height - 3), *extra]
    for joints in hands:
        for joint in range(0, 21, 4):
            u, v = np.floor(project(k, joints[joint])).astype(int)
            if 0 <= u < picture.width and 0 <= v < picture.height:
                places.append((int(u), int(v)))
    depth = None
    if depth_m is not None:
        depth = [[c, r, None if depth_m[r, c] <= 0 else round(float(depth_m[r, c]), 7)] for c, r in places]
    return depth, [[c, r, *map(int, picture.rgb[r, c])] for c, r in places]


def counts(plane):
    values, numbers = np.unique(plane, return_counts=True)
    return {str(v): int(n) for v, n in zip(values, numbers) if v}


def sample(id, split, size, k, hands, **rest):
    """`k` counts from the corner. Keys of `rest`: clip, subject, frame, rgb, depth, part, instance, lossy."""
    return {
        "id": id,
        "split": split,
        "width": size[0],
        "height": size[1],
        "k": None if k is None else [[round(float(x), 6) for x in row] for row in k],
        "hands": hands,
        **{key: value for key, value in rest.items() if value is not None},
    }


def save(folder, name, convention, why, samples):
    content = {"set": name, "pixels": {**convention, "why": why}, "samples": samples}
    text = json.dumps(content, separators=(",", ":")).replace('{"id":', '\n{"id":')
    write(folder / "expected.json", text + "\n")
