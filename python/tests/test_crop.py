"""Crops: known places, known depths, there and back. Numpy only."""

import numpy as np
import pytest

from handloom_train.cache import cached
from handloom_train.crop import Camera, Depth, Points, centre_of_hand, cut
from handloom_train.shards import samples, shards_of

CAMERA = Camera(240.0, 250.0, 160.0, 120.0)


def plate(centre: np.ndarray) -> Depth:
    """A square plate of 8 cm, parallel to the picture, before a wall at 1.2 m."""
    rows, columns = np.mgrid[:240, :320]
    z = np.full((240, 320), centre[2], np.float32)
    points = CAMERA.unproject(np.stack([columns + 0.5, rows + 0.5], axis=2).astype(np.float32), z)
    on = (np.abs(points - centre) <= 0.04).all(axis=2)
    return Depth(np.where(on, round(centre[2] * 10_000), 12_000).astype(np.uint16), 1e-4)


def test_window_is_the_projection_of_the_cube_rounded_to_pixels():
    crop = cut(plate(np.array([0, 0, 0.5])), CAMERA, np.array([0.01, 0.02, 0.5], np.float32), 0.25, 96)
    # (0.01 -+ 0.125) / 0.5 * 240 + 160 = 104.8, 224.8; (0.02 -+ 0.125) / 0.5 * 250 + 120 = 67.5, 192.5
    assert crop.picture_from_crop[:, 2].tolist() == [105, 68]
    assert np.allclose(np.diag(crop.picture_from_crop) * 96, [120, 125])


def test_centre_moves_onto_the_thing_and_the_cube_holds_it():
    truth = np.array([0.06, -0.04, 0.5], np.float32)
    depth = plate(truth)
    points = Points(depth, CAMERA)
    centre = points.refined(points.nearest_thing(0.2) + np.float32([0.05, 0.04, 0.03]), 0.2, 2)
    assert np.linalg.norm(centre - truth) < 0.0015
    crop = cut(depth, CAMERA, centre, 0.2, 96)
    # 8 of 20 cm: two fifths of each side, in the middle
    assert abs((crop.image < 0.5).mean() - 0.16) < 0.01
    assert abs(crop.image[48, 48]) < 0.01 and crop.image[0, 0] == 1


def test_depth_is_brought_to_the_cube_and_missing_depth_to_its_back():
    depth = plate(np.array([0, 0, 0.5]))
    for column, step in {160: 2000, 162: 0, 164: 5500, 166: 50}.items():
        depth.steps[120, column] = step
    crop = cut(depth, CAMERA, np.float32([0, 0, 0.5]), 0.2, 96)
    inverse = np.linalg.inv(np.vstack([crop.picture_from_crop, [0, 0, 1]]))
    column, row, _ = (inverse @ np.array([[c + 0.5, 120.5, 1] for c in (160, 162, 164, 166)]).T).astype(int)
    assert np.allclose(crop.image[row, column], [-1, 1, 0.5, 1], atol=1e-5)


def test_a_window_beyond_the_picture_has_nothing_there():
    centre = np.float32([-0.33, 0, 0.5])
    crop = cut(plate(centre), CAMERA, centre, 0.25, 96)
    assert (crop.image[:, 0] == 1).all() and (crop.image < 0.1).any()
    assert cut(plate(centre), CAMERA, -centre, 0.25, 96) is None


def test_a_picture_without_surface_has_no_centre():
    empty = Depth(np.zeros((240, 320), np.uint16), 1e-4)
    assert centre_of_hand(empty, CAMERA, np.full((21, 3), np.nan, np.float32), 0.25, 2) is None
    assert Points(empty, CAMERA).refined(np.float32([0, 0, 1]), 0.25, 2).tolist() == [0, 0, 1]


@pytest.mark.parametrize("turn,mirrored", [(0.0, False), (0.7, False), (-2.0, True), (0.0, True)])
def test_points_come_back_through_the_crop(turn: float, mirrored: bool):
    random = np.random.default_rng(1)
    points = random.uniform([-0.2, -0.15, 0.3], [0.2, 0.15, 0.9], (200, 3)).astype(np.float32)
    crop = cut(plate(np.array([0, 0, 0.5])), CAMERA, np.float32([0.02, -0.01, 0.5]), 0.25, 96, turn, mirrored)
    assert np.abs(crop.to_camera(crop.from_camera(points)) - points).max() < 2e-6


@pytest.mark.parametrize("turn,mirrored", [(0.0, False), (0.7, False), (np.pi / 2, False), (-2.0, True), (0.0, True)])
def test_a_spot_is_in_the_image_where_its_label_says(turn: float, mirrored: bool):
    spot = np.float32([0.05, -0.03, 0.45])
    depth = Depth(np.full((240, 320), 12_000, np.uint16), 1e-4)
    u, v = CAMERA.project(spot)
    depth.steps[int(v) - 1 : int(v) + 2, int(u) - 1 : int(u) + 2] = 4500
    crop = cut(depth, CAMERA, np.float32([0, 0, 0.5]), 0.25, 96, turn, mirrored)
    rows, columns = np.nonzero(crop.image < 0.9)
    seen = np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / 96
    wanted = crop.from_camera(spot)
    assert np.abs(seen - wanted[:2]).max() < 1.5 / 96
    assert abs(crop.image[rows[0], columns[0]] - wanted[2]) < 1e-5


def test_a_quarter_turn_shows_at_the_right_what_is_below():
    depth = plate(np.array([0, 0, 0.5]))
    centre = np.float32([0, 0, 0.5])
    below = cut(depth, CAMERA, centre, 0.25, 96, np.pi / 2).from_camera(np.float32([0, 0.05, 0.5]))
    assert np.allclose(below, [0.5 + 0.05 / 0.25, 0.5, 0], atol=0.01)


def test_cached_hands_are_cut_as_from_the_whole_picture(tiny_set, tmp_path):
    hands = cached(tiny_set, "train", tmp_path, 0.25, 2, 1)
    whole = [sample for shard in shards_of(tiny_set, "train") for sample in samples(shard)]
    assert len(hands) == len(whole) == 24
    for hand, sample in zip((hands[k] for k in range(24)), whole):
        truth = sample.hands[0].keypoints_m
        assert np.array_equal(hand.keypoints_m, truth) and hand.side == 1
        centre = centre_of_hand(sample.depth, sample.camera, truth, 0.25, 2)
        assert np.array_equal(hand.centre_m, centre)
        # as they are, and at the limits of every augmentation
        for edge, turn, shift in ((0.25, 0.0, 0.0), (0.25, 0.8, 0.0), (0.25, 2.4, 0.0), (0.325, 0.0, 0.0), (0.25, 0.0, -0.02)):
            moved = centre + np.float32(shift)
            ours = cut(hand.depth, hand.camera, moved, edge, 96, turn)
            theirs = cut(sample.depth, sample.camera, moved, edge, 96, turn)
            assert np.array_equal(ours.image, theirs.image)


def test_a_second_run_uses_the_cache_and_another_cube_does_not(tiny_set, tmp_path):
    cached(tiny_set, "test", tmp_path, 0.25, 2, 1)
    first = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    cached(tiny_set, "test", tmp_path, 0.25, 2, 1)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == first
    cached(tiny_set, "test", tmp_path, 0.2, 2, 1)
    assert len(list(tmp_path.iterdir())) == 2 * len(first)
