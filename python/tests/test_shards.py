"""Reading shards, and what is said of bad ones. Numpy only."""

import json

import numpy as np
import pytest
from conftest import label, picture, png, write_shard

from handloom_train.shards import DataError, samples, shards_of


def test_samples_come_in_order_with_depth_and_labels(tiny_set):
    found = list(samples(shards_of(tiny_set, "validation")[0]))
    assert [sample.id for sample in found] == [f"{k:06}" for k in range(8)]
    hand = found[0].hands[0]
    assert (hand.side, hand.subject, hand.keypoints_m.shape) == (1, 7, (21, 3))
    # a blob lies at its point
    x, y, z = hand.keypoints_m[np.argmin(hand.keypoints_m[:, 2])]
    u, v = int(x / z * 120 + 80), int(y / z * 120 + 60)
    assert abs(found[0].depth.metres()[v, u] - z) < 1e-4


def test_a_missing_split_names_those_that_are_there(tiny_set, tmp_path):
    with pytest.raises(DataError, match=r"(?s)`valid`.*`test`, `train`, `validation`.*hint: "):
        shards_of(tiny_set, "valid")
    with pytest.raises(DataError, match="there is no tar shard in it"):
        shards_of(tmp_path, "train")


POINTS = np.full((21, 3), 0.4, np.float32)


@pytest.mark.parametrize(
    "change,fault",
    [
        ({"lens": {"brown_conrady": {}}}, "pinhole"),
        ({"height": 7}, "expected 16 bit"),
        ({"hands": [{"instance": 1, "side": "left", "keypoints_camera_m": [[0, 0, 1]]}]}, r"\(1, 3\), expected \(21, 3\)"),
        ({"k": None}, "TypeError"),
    ],
)
def test_bad_labels_are_named(tmp_path, change, fault):
    files = {"a.depth.png": png(picture(POINTS)), "a.json": json.dumps({**label("a", POINTS), **change}).encode()}
    write_shard(tmp_path / "x.tar", files)
    with pytest.raises(DataError, match=rf"(?s)x\.tar: sample `a`: .*{fault}.*hint: "):
        list(samples(tmp_path / "x.tar"))


def test_missing_and_damaged_files_are_named(tmp_path):
    write_shard(tmp_path / "x.tar", {"a.json": b"{}"})
    with pytest.raises(DataError, match=r"sample `a` has no `depth\.png`"):
        list(samples(tmp_path / "x.tar"))
    (tmp_path / "y.tar").write_bytes(b"not a tar")
    with pytest.raises(DataError, match=r"y\.tar: not a whole tar file"):
        list(samples(tmp_path / "y.tar"))


def test_keypoints_that_are_not_known_are_nan(tmp_path):
    half = label("a", POINTS)
    half["hands"][0]["keypoints_camera_m"][3] = None
    half["hands"][0].update(subject=None, side=None)
    write_shard(tmp_path / "x.tar", {"a.depth.png": png(picture(POINTS)), "a.json": json.dumps(half).encode()})
    hand = next(samples(tmp_path / "x.tar")).hands[0]
    assert np.isnan(hand.keypoints_m[3]).all() and np.isfinite(hand.keypoints_m[4]).all()
    assert (hand.side, hand.subject) == (-1, -1)
