"""COCO keypoints of hands, and COCO-WholeBody."""

import json

import numpy as np

from .draw import Picture, jpg, write
from .expected import CENTRE, hand, sample, save
from .truth import hand as truth, matrix, project

SIZE = (320, 240)
K = matrix(420, 418, 158, 121)
NAMES = ["wrist"] + [f"{d}{n}" for d in ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger") for n in (1, 2, 3, 4)]


def flagged(uv, seen, absent):
    """Keypoints [x y v] from the middle of the first pixel: 2 seen, 1 hidden, 0 not labelled."""
    numbers, states = [], []
    for joint, (u, v) in enumerate(uv):
        if joint in absent:
            numbers += [0, 0, 0]
            states.append("absent")
        else:
            numbers += [round(float(u), 3), round(float(v), 3), 2 if seen[joint] else 1]
            states.append("visible" if seen[joint] else "hidden")
    return numbers, states


def one_hand(picture, number, side, joints, absent):
    """Numbers of the file, the box, and what a reader must make of them."""
    k_corner = K + [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
    uv = project(K, joints)
    numbers, states = flagged(uv, picture.seen[number], absent)
    low, high = uv.min(0), uv.max(0)
    box = [round(float(x), 2) for x in (*low, *(high - low))]
    pixels = project(k_corner, joints)
    pixels[sorted(absent)] = np.nan
    return numbers, box, hand(side, None, pixels, states)


def coco(folder):
    """Two pictures with one hand, one with two, one list per split."""
    samples = []
    scenes = [
        ("train", "000000000012.jpg", [("right", (0.01, 0.0, 0.6), {3})]),
        ("train", "000000000035.jpg", [("left", (-0.1, 0.02, 0.7), set()), ("right", (0.1, 0.0, 0.65), {16, 20})]),
        ("val", "000000000070.jpg", [("left", (0.0, -0.02, 0.55), set())]),
    ]
    files = {}
    for number, (split, name, hands) in enumerate(scenes):
        placed = [(side, truth(side, f"coco {number} {n}", at)) for n, (side, at, _) in enumerate(hands)]
        picture = Picture(*SIZE, K + [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]], placed)
        jpg(folder / "images" / split / name, picture.rgb)
        content = files.setdefault(split, {"images": [], "annotations": []})
        content["images"].append({"id": 500 + number, "file_name": f"{split}/{name}", "width": SIZE[0], "height": SIZE[1]})
        records = []
        for n, (side, joints) in enumerate(placed):
            numbers, box, record = one_hand(picture, n, side, joints, hands[n][2])
            content["annotations"].append(
                {"id": 9000 + 10 * number + n, "image_id": 500 + number, "category_id": 1, "iscrowd": 0,
                 "bbox": box, "area": round(box[2] * box[3], 2), "keypoints": numbers,
                 "num_keypoints": sum(v > 0 for v in numbers[2::3]), "hand_type": side}
            )
            records.append(record)
        samples.append(sample(f"{split}/{name[:-4]}", split, SIZE, None, records, lossy=True))
    for split, content in files.items():
        skeleton = [[a, a + 1] for a in range(1, 21)]
        content["categories"] = [{"id": 1, "name": "hand", "keypoints": NAMES, "skeleton": skeleton}]
        # annotations need not stand in the order of the pictures
        content["annotations"].reverse()
        write(folder / "annotations" / f"{split}.json", json.dumps(content))
    why = "COCO's keypoints are pixel indices"
    save(folder, "coco", CENTRE, why, samples)


def wholebody(folder):
    """Persons with none, one or both hands labelled; the body's own keypoints beside them."""
    samples, images, annotations = [], [], []
    scenes = [
        ("000000000139.jpg", {"left": (-0.08, 0.0, 0.6), "right": (0.09, 0.02, 0.62)}),
        ("000000000785.jpg", {"right": (0.02, -0.01, 0.55)}),
        ("000000001000.jpg", {}),
    ]
    for number, (name, hands) in enumerate(scenes):
        placed = [(side, truth(side, f"wholebody {number} {side}", at)) for side, at in hands.items()]
        picture = Picture(*SIZE, K + [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]], placed)
        jpg(folder / "val2017" / name, picture.rgb)
        images.append({"id": int(name[:-4]), "file_name": name, "width": SIZE[0], "height": SIZE[1]})
        annotation = {
            "id": 1700 + number, "image_id": int(name[:-4]), "category_id": 1, "iscrowd": 0, "bbox": [5.0, 6.0, 300.0, 220.0],
            "area": 41000.0, "num_keypoints": 1, "keypoints": [160.0, 20.0, 2] + [0] * 48,
            "face_valid": False, "face_kpts": [0.0] * 204, "face_box": [0.0] * 4,
            "foot_valid": False, "foot_kpts": [0.0] * 18,
        }
        records = []
        for side in ("left", "right"):
            annotation |= {f"{side}hand_valid": False, f"{side}hand_kpts": [0.0] * 63, f"{side}hand_box": [0.0] * 4}
        for n, (side, joints) in enumerate(placed):
            numbers, box, record = one_hand(picture, n, side, joints, {7} if number == 1 else set())
            annotation |= {f"{side}hand_valid": True, f"{side}hand_kpts": numbers, f"{side}hand_box": box}
            records.append(record)
        annotations.append(annotation)
        samples.append(sample(f"val2017/{name[:-4]}", "val", SIZE, None, records, lossy=True))
    categories = [{"id": 1, "name": "person", "keypoints": ["nose"], "skeleton": []}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    write(folder / "annotations" / "coco_wholebody_val_v1.0.json", json.dumps(content))
    why = "COCO's keypoints are pixel indices"
    save(folder, "coco_wholebody", CENTRE, why, samples)
