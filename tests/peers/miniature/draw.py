"""Pictures in which every joint is a disc, nearer ones before farther ones, in front of a slanting plane."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

# digit colours; the second hand has red and blue swapped
COLOURS = [(240, 90, 40), (220, 160, 50), (90, 200, 60), (60, 150, 220), (170, 80, 230), (230, 190, 160)]
JOINT_RADIUS_M = 0.008
BONE_RADIUS_M = 0.005


class Picture:
    """Depth in metres, hand number (from 1), RHD part, colour; and which joints are seen."""

    def __init__(self, width, height, k, hands, plane_m=1.1):
        """`k` counts from the corner of the first pixel. `hands`: side and joints of each."""
        self.width, self.height = width, height
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        self.depth = plane_m + 0.0004 * columns
        self.instance = np.zeros((height, width), np.uint8)
        self.part = np.zeros((height, width), np.uint8)
        shade = [40 + 120 * columns // width, 30 + 90 * rows // height, np.full_like(rows, 70)]
        self.rgb = np.stack(shade, -1).astype(np.uint8)
        owner = np.full((height, width), -1)
        discs = sorted((disc for n, (side, joints) in enumerate(hands) for disc in self.discs(n, side, joints)),
                       key=lambda disc: -disc[0][2])
        for number, (point, radius_m, n, part, colour, _) in enumerate(discs):
            u, v = (k @ point)[:2] / point[2]
            radius = k[0, 0] * radius_m / point[2]
            inside = (columns + 0.5 - u) ** 2 + (rows + 0.5 - v) ** 2 <= radius**2
            self.depth[inside], self.instance[inside], self.part[inside] = point[2], n + 1, part
            self.rgb[inside] = colour
            owner[inside] = number
        self.seen = [[False] * 21 for _ in hands]
        for number, (point, _, n, _, _, joint) in enumerate(discs):
            if joint is not None:
                u, v = np.floor((k @ point)[:2] / point[2]).astype(int)
                inside = 0 <= u < width and 0 <= v < height
                self.seen[n][joint] = bool(inside and owner[v, u] == number)

    @staticmethod
    def discs(n, side, joints):
        """Point, radius, hand, RHD part, colour, joint number."""
        first = 2 if side == "left" else 18
        for joint in range(21):
            digit, place = divmod(joint - 1, 4)
            # RHD: segment 0 at the tip, 2 at the palm; a joint belongs to the segment that begins there
            segment = max(0, 2 - place)
            part = first + 15 if joint == 0 else first + 3 * digit + segment
            colour = COLOURS[5 if joint == 0 else digit]
            colour = colour if n == 0 else colour[::-1]
            yield joints[joint], JOINT_RADIUS_M, n, part, colour, joint
            if joint == 0:
                continue
            root = 0 if place == 0 else joint - 1
            bone_part = first + 15 if place == 0 else first + 3 * digit + max(0, 3 - place)
            for share in (0.25, 0.5, 0.75):
                point = joints[root] * (1 - share) + joints[joint] * share
                yield point, BONE_RADIUS_M, n, bone_part, colour, None


def png(path, array):
    save(path, array, "PNG", optimize=True)


def jpg(path, array, quality=60):
    save(path, array, "JPEG", quality=quality, subsampling=0)


def save(path, array, kind, **options):
    data = io.BytesIO()
    Image.fromarray(array).save(data, kind, **options)
    write(path, data.getvalue())


def write(path, data):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def two_channels(values, high, low):
    """16-bit values as a picture of red green blue: which channel has the high byte, which the low one."""
    values = values.astype(np.uint16)
    picture = np.zeros((*values.shape, 3), np.uint8)
    picture[..., high], picture[..., low] = values >> 8, values & 255
    return picture
