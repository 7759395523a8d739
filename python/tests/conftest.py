"""Makes the package importable without an installation, and a tiny dataset."""

import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

FOCAL, WIDTH, HEIGHT, UNIT_M = 120.0, 160, 120, 0.0001


def hand_points(random: np.random.Generator) -> np.ndarray:
    """21 points of a made-up hand, [21, 3], metres, camera frame."""
    middle = np.array([random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05), random.uniform(0.4, 0.5)])
    return (middle + random.uniform(-0.05, 0.05, (21, 3))).astype(np.float32)


def picture(points: np.ndarray) -> np.ndarray:
    """Steps of depth [H, W]: a blob of 1 cm at each point before a far wall."""
    steps = np.full((HEIGHT, WIDTH), 13_000, np.uint16)
    for x, y, z in points[np.argsort(-points[:, 2])]:
        u, v, r = x / z * FOCAL + WIDTH / 2, y / z * FOCAL + HEIGHT / 2, 0.01 / z * FOCAL
        rows, columns = np.ogrid[:HEIGHT, :WIDTH]
        steps[(columns + 0.5 - u) ** 2 + (rows + 0.5 - v) ** 2 < r * r] = round(z / UNIT_M)
    return steps


def label(key: str, points: np.ndarray) -> dict:
    """A label as handloom writes it, as far as it is read."""
    hand = {"instance": 1, "side": "right", "subject": 7, "keypoints_camera_m": points.tolist()}
    k = [[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]]
    size = {"width": WIDTH, "height": HEIGHT}
    return {"id": key, **size, "k": k, "lens": "pinhole", "depth_unit_m": UNIT_M, "hands": [hand]}


def png(steps: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(steps).save(file, "PNG")
    return file.getvalue()


def write_shard(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="session")
def tiny_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 24 + 8 + 8 samples in four shards, with members that are not to be decoded."""
    folder = tmp_path_factory.mktemp("set")
    random = np.random.default_rng(5)
    for name, count in {"train-000000": 12, "train-000001": 12, "validation-000000": 8, "test-000000": 8}.items():
        files = {}
        for k in range(count):
            points = hand_points(random)
            key = f"{k:06}"
            files[f"{key}.rgb.jpg"] = b"not a picture"
            files[f"{key}.depth.png"] = png(picture(points))
            files[f"{key}.mask.png"] = b"not a picture"
            files[f"{key}.json"] = json.dumps(label(key, points)).encode()
        write_shard(folder / f"{name}.tar", files)
    return folder
