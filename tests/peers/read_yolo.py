"""Reads our YOLO pose tree as Ultralytics does: one text file per picture, everything in shares of it."""

import sys
from pathlib import Path

from PIL import Image

folder = Path(sys.argv[1])
data = dict(line.split(": ", 1) for line in (folder / "data.yaml").read_text().splitlines() if ": " in line and line[0] != "#")
assert data["kpt_shape"] == "[21, 3]" and len(data["flip_idx"].split(",")) == 21
hands = 0
for name in {data["train"], data["val"]}:
    pictures = sorted((folder / name).glob("*.jpg"))
    assert pictures, name
    for picture in pictures:
        Image.open(picture).verify()
        text = folder / name.replace("images", "labels", 1) / f"{picture.stem}.txt"
        for line in text.read_text().splitlines():
            numbers = [float(n) for n in line.split()]
            assert len(numbers) == 5 + 63 and numbers[0] == 0
            x, y, w, h = numbers[1:5]
            assert w > 0 and h > 0 and x - w / 2 >= -1e-5 and x + w / 2 <= 1 + 1e-5 and y - h / 2 >= -1e-5 and y + h / 2 <= 1 + 1e-5
            for px, py, flag in zip(numbers[5::3], numbers[6::3], numbers[7::3]):
                assert flag in (0, 1, 2) and 0 <= px <= 1 and 0 <= py <= 1
            hands += 1
assert hands > 0
print(f"{folder}: {hands} hands")
