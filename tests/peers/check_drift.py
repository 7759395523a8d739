"""Compares two trees of test data by what their files hold: check_drift.py MADE COMMITTED.

Equal bytes are equal; where libraries may write other bytes for the same content, the content counts: decoded pixels, arrays,
numbers in texts.
"""

import io
import json
import math
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

NUMBER = re.compile(rb"-?\d+\.\d+(?:[eE][-+]?\d+)?")


def same_picture(a, b, lossy):
    a, b = (np.asarray(Image.open(io.BytesIO(data))).astype(int) for data in (a, b))
    return a.shape == b.shape and np.abs(a - b).max() <= (12 if lossy else 0)


def same_text(a, b):
    numbers = [[float(x) for x in NUMBER.findall(data)] for data in (a, b)]
    same = len(numbers[0]) == len(numbers[1]) and all(math.isclose(x, y, rel_tol=1e-6, abs_tol=2e-4) for x, y in zip(*numbers))
    return same and NUMBER.sub(b"#", a) == NUMBER.sub(b"#", b)


def same_json(a, b):
    def compare(x, y):
        if isinstance(x, dict) and isinstance(y, dict):
            return list(x) == list(y) and all(compare(x[key], y[key]) for key in x)
        if isinstance(x, list) and isinstance(y, list):
            return len(x) == len(y) and all(map(compare, x, y))
        if isinstance(x, (int, float)) and isinstance(y, (int, float)):
            return math.isclose(x, y, rel_tol=1e-6, abs_tol=2e-6)
        return x == y

    return compare(json.loads(a), json.loads(b))


def same_arrays(a, b):
    return list(a) == list(b) and all(a[key].dtype == b[key].dtype and np.allclose(a[key], b[key]) for key in a)


def same_npz(a, b):
    kinds = [[(i.filename, i.compress_type) for i in zipfile.ZipFile(io.BytesIO(data)).infolist()] for data in (a, b)]
    return kinds[0] == kinds[1] and same_arrays(*(dict(np.load(io.BytesIO(data))) for data in (a, b)))


def same_mat(a, b):
    def content(data):
        return {key: value for key, value in scipy.io.loadmat(io.BytesIO(data)).items() if not key.startswith("__")}

    a, b = content(a), content(b)
    if list(a) != list(b):
        return False
    return all(
        str(a[key]) == str(b[key]) if a[key].dtype == object or a[key].dtype.kind in "UV" else np.allclose(a[key], b[key])
        for key in a
    )


def same(name, a, b):
    if a == b:
        return True
    kinds = {
        ".png": lambda: same_picture(a, b, False),
        ".jpg": lambda: same_picture(a, b, True),
        ".json": lambda: same_json(a, b),
        ".txt": lambda: same_text(a, b),
        ".yml": lambda: same_text(a, b),
        ".npz": lambda: same_npz(a, b),
        ".mat": lambda: same_mat(a, b),
        # header and floats
        ".bin": lambda: a[:24] == b[:24] and np.allclose(np.frombuffer(a[24:], "<f4"), np.frombuffer(b[24:], "<f4")),
    }
    return kinds.get(Path(name).suffix, lambda: False)()


def main(made, committed):
    made, committed = Path(made), Path(committed)
    names = [{str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} for root in (made, committed)]
    faults = [f"only in {made}: {name}" for name in sorted(names[0] - names[1])]
    faults += [f"only in {committed}: {name}" for name in sorted(names[1] - names[0])]
    both = sorted(names[0] & names[1])
    faults += [f"differs: {n}" for n in both if not same(n, (made / n).read_bytes(), (committed / n).read_bytes())]
    if faults:
        sys.exit("\n".join(faults) + f"\n{committed} is not what its script makes; make it again and commit it")
    print(f"{committed}: {len(both)} files are what their script makes")


if __name__ == "__main__":
    main(*sys.argv[1:])
