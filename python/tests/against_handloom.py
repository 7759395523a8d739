"""Compares the crops of `handloom crop SET OUT` with ours of the same tar shards; needs numpy and pillow only.

    handloom crop out/jgr out/crops && python python/tests/against_handloom.py out/jgr out/crops

The images must be equal but for pixels whose place falls on the edge between two pixels of the picture (at most 1 in 10,000);
centres and keypoints must be equal to float precision.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from handloom_train.crop import centre_of_hand, cut
from handloom_train.shards import samples, shards_of


def compare(set_folder: Path, crops: Path) -> None:
    settings = json.loads((crops / "crops.json").read_text())
    assert settings["centre"] == "mass", "run `handloom crop` without --centre"
    cube_m, size, passes = settings["cube_m"], settings["size_px"], settings["passes"]
    for split, count in settings["splits"]:
        theirs = {
            name: np.load(crops / split / f"{name}.npy", mmap_mode="r")
            for name in ("depth", "keypoints_crop", "centre", "picture_from_crop", "side")
        }
        pixels = worst_centre = worst_keypoint = row = 0
        for shard in shards_of(set_folder, split):
            for sample in samples(shard):
                for hand in sample.hands:
                    centre = centre_of_hand(sample.depth, sample.camera, hand.keypoints_m, cube_m, passes)
                    if centre is None:
                        continue
                    crop = cut(sample.depth, sample.camera, centre, cube_m, size)
                    in_crop = crop.from_camera(hand.keypoints_m) * np.array([size, size, 1])
                    assert hand.side == theirs["side"][row], sample.id
                    assert np.allclose(crop.picture_from_crop, theirs["picture_from_crop"][row][:2], atol=1e-4), sample.id
                    pixels += np.count_nonzero(np.abs(crop.image - theirs["depth"][row]) > 2e-6)
                    worst_centre = max(worst_centre, np.abs(centre - theirs["centre"][row]).max())
                    worst_keypoint = max(worst_keypoint, np.nanmax(np.abs(in_crop - theirs["keypoints_crop"][row])))
                    assert np.abs(crop.to_camera(crop.from_camera(hand.keypoints_m)) - hand.keypoints_m).max() < 1e-5
                    row += 1
        print(
            f"{split}: {row} crops, {pixels} of {row * size * size} pixels differ, centres within {worst_centre * 1e6:.2f} um,"
            f" keypoints within {worst_keypoint:.1e} (pixels and half edges)"
        )
        assert row == count, f"{row} crops, handloom cut {count}"
        assert pixels <= row * size * size // 10_000 and worst_centre < 1e-6 and worst_keypoint < 1e-3


if __name__ == "__main__":
    compare(Path(sys.argv[1]), Path(sys.argv[2]))
