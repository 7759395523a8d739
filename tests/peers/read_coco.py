"""Reads a dataset in COCO's layout with pycocotools.

usage: read_coco.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

# COCO-WholeBody's keypoint sigmas of a hand
SIGMAS = np.array(
    "29 22 35 37 47 26 25 24 35 18 24 22 26 17 21 21 32 20 19 22 31".split(), dtype=float
) / 1000.0


def check_annotation(coco, annotation):
    name = annotation["id"]
    image = coco.loadImgs(annotation["image_id"])[0]
    keypoints = np.array(annotation["keypoints"]).reshape(21, 3)
    flags = keypoints[:, 2]
    assert set(np.unique(flags)) <= {0, 1, 2}, name
    assert annotation["num_keypoints"] == (flags > 0).sum(), name
    assert annotation["hand_type"] in ("left", "right"), name
    # millimetres, projected with the same pixel convention as the keypoints
    joints = np.array(annotation["joint_cam"])
    assert joints.shape == (21, 3) and 50 < joints[:, 2].mean() < 5000, name
    camera = annotation["cam_param"]
    labelled = flags > 0
    if "lens" not in camera and labelled.any():
        uv = joints[:, :2] / joints[:, 2:] * camera["focal"] + camera["princpt"]
        error = np.abs(uv - keypoints[:, :2])[labelled].max()
        assert error < 0.01, f"{name}: projection is {error} px away"
        inside = (uv[labelled] >= -0.5) & (uv[labelled] < np.array([image["width"], image["height"]]) - 0.5)
        assert inside.all(), f"{name}: a labelled keypoint lies outside the picture"
    assert (keypoints[~labelled] == 0).all(), name
    x, y, w, h = annotation["bbox"]
    assert 0 <= x and 0 <= y and x + w <= image["width"] and y + h <= image["height"], name
    assert annotation["area"] <= image["width"] * image["height"], name


def check_split(folder, path):
    coco = COCO(str(path))
    (category,) = coco.loadCats(coco.getCatIds())
    assert len(category["keypoints"]) == 21 and len(category["skeleton"]) == 20
    assert all(1 <= k <= 21 for bone in category["skeleton"] for k in bone)
    images = coco.loadImgs(coco.getImgIds())
    assert images, path
    for image in images:
        with Image.open(folder / "images" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"]), image
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        assert annotations, f"{image}: no hand"
        for annotation in annotations:
            check_annotation(coco, annotation)
    check_evaluation(coco)
    return len(images)


def check_evaluation(coco):
    """The truth, handed in as a result, scores 1."""
    results = [
        {"image_id": a["image_id"], "category_id": 1, "keypoints": a["keypoints"], "score": 1.0}
        for a in coco.dataset["annotations"]
    ]
    evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
    evaluation.params.kpt_oks_sigmas = SIGMAS
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] > 0.999, evaluation.stats


def main(folder):
    folder = Path(folder)
    paths = sorted((folder / "annotations").glob("*.json"))
    assert paths, f"{folder}: no annotations"
    total = sum(check_split(folder, path) for path in paths)
    print(f"coco: {total} pictures of {len(paths)} splits read")


if __name__ == "__main__":
    main(sys.argv[1])
