"""Writes small pickles, NumPy and MATLAB files of known content: make_codecs.py FOLDER.

The content is the same everywhere (see `tree`); what differs is who wrote it. Nothing of Handloom is used.
"""

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import numpy as np
import scipy.io


def tree():
    """The value that every pickle holds."""
    c = np.arange(12, dtype="<f8").reshape(3, 4) / 8 - 0.5
    return {
        "none": None,
        "yes": True,
        "no": False,
        "ints": [0, 255, 65535, -1, -(2**31), 2**40, -(2**63)],
        "float": 0.1,
        "text": "grip 7",
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        7: {"nested": [[1], [2, [3]]]},
        "c": c,
        "f": np.asfortranarray(c),
        "again": c,
        "f4": np.array([1.5, -2.25, 3e-3], "<f4"),
        "big": np.array([[1, -2], [300, 40000]], ">i4"),
        "u1": np.arange(6, dtype="u1").reshape(2, 3),
        "i8": np.array([-(2**40), 2**40], "<i8"),
        "bool": np.array([True, False, True]),
        "scalar": np.float64(2.5),
        "scalar_f4": np.float32(0.25),
        "scalar_int": np.int64(-3),
        "empty": np.zeros((0, 3), "<f4"),
        "objects": np.array([{"a": 1}, None], dtype=object),
        "ordered": OrderedDict([("x", 1), ("y", 2)]),
        "bytes": b"\x00\xff'\"\\\n",
    }


class Old(pickle._Pickler):
    """Writes as NumPy 1 did, which called its modules `numpy.core`."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_global(self, obj, name=None):
        module, name = whichmodule(obj)
        if self.proto >= 4:
            self.save(module)
            self.save(name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch[type] = save_global
    dispatch[types.FunctionType] = save_global


def whichmodule(obj):
    module = {"numpy._core.multiarray": "numpy.core.multiarray", "numpy._core.numeric": "numpy.core.numeric"}
    found = pickle.whichmodule(obj, obj.__name__)
    return module.get(found, found), obj.__name__


class Python2(Old):
    """Writes as Python 2's cPickle did: strings of bytes with their own opcodes, no `_codecs`, `__builtin__`."""

    dispatch = dict(Old.dispatch)

    def save_string(self, obj):
        data = obj.encode("latin1") if isinstance(obj, str) else obj
        if self.proto == 0:
            self.write(b"S" + python2_repr(data) + b"\n")
        elif len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(obj)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def python2_repr(data):
    quote = b'"' if b"'" in data and b'"' not in data else b"'"
    out = b""
    for byte in data:
        c = bytes([byte])
        special = {b"\n": b"\\n", b"\t": b"\\t", b"\r": b"\\r", b"\\": b"\\\\", quote: b"\\" + quote}
        out += special.get(c, c if 32 <= byte < 127 else b"\\x%02x" % byte)
    return quote + out + quote


def dumps(value, pickler, protocol):
    out = io.BytesIO()
    pickler(out, protocol).dump(value)
    return out.getvalue()


def pickles():
    for protocol in range(6):
        yield f"python3-{protocol}.pickle", pickle.dumps(tree(), protocol)
    for protocol in (0, 2, 4, 5):
        yield f"numpy1-{protocol}.pickle", dumps(tree(), Old, protocol)
    for protocol in (0, 1, 2):
        yield f"python2-{protocol}.pickle", dumps(tree(), Python2, protocol)
    yield "unknown-global.pickle", pickle.dumps({"half": Fraction(1, 2)}, 2)


def arrays():
    for order in "CF":
        for dtype in "<f4 >f4 <f8 >f8 <i4 >i4 <i8 >i8 |u1 <u2 >u2 |b1 <i2 |i1".split():
            value = np.arange(24).reshape(2, 3, 4) - (0 if dtype[1] in "ub" else 5)
            yield f"{dtype[1:]}-{'le' if dtype[0] != '>' else 'be'}-{order}", np.array(value, dtype, order=order)


def npy(array, version):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version, allow_pickle=False)
    return out.getvalue()


def big_endian_mat():
    """A plain file in the other byte order, as MATLAB wrote it on workstations: doubles stored as int8, and text."""

    def element(kind, data):
        if 0 < len(data) <= 4:
            return struct.pack(">HH", len(data), kind) + data.ljust(4, b"\0")
        return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    def matrix(matlab_class, shape, name, content):
        head = element(6, struct.pack(">II", matlab_class, 0))
        head += element(5, struct.pack(f">{len(shape)}i", *shape)) + element(1, name)
        return element(14, head + content)

    out = b"MATLAB 5.0 MAT-file, big endian".ljust(116) + b"\0" * 8 + struct.pack(">H", 0x0100) + b"MI"
    out += matrix(6, (2, 3), b"small", element(1, struct.pack(">6b", 1, 2, -3, 4, 5, -6)))
    out += matrix(6, (1, 2), b"shorts", element(3, struct.pack(">2h", -300, 300)))
    out += matrix(4, (2, 2), b"text", element(4, struct.pack(">4H", 97, 99, 98, 100)))
    out += matrix(7, (1, 3), b"single", element(7, struct.pack(">3f", 0.5, 1.5, -2.5)))
    return out


def mats():
    numbers = np.arange(24.0).reshape(2, 3, 4) / 4 - 1
    nested, inner = np.empty((1, 2), object), np.empty((1, 1), object)
    inner[0, 0] = "deep"
    nested[0, 0], nested[0, 1] = np.array([[1.0]]), inner
    values = {
        "double": numbers,
        "small": np.array([[1.0, 2.0, -3.0]]),
        "single": numbers[0].astype("f4"),
        **{name: np.array([[1, 2, 100]], name) for name in "int8 uint8 int16 uint16 int32 uint32 int64 uint64".split()},
        "logical": np.array([[True, False]]),
        "char": "some text",
        "rows": np.array(["ab ", "cde"]),
        "names": np.array([["TH_KNU3_A", "PALM_1", "F1"]], dtype=object),
        "nested": nested,
        "struct": {"field": 1.0},
        "complex": np.array([[1 + 2j]]),
        "empty": np.zeros((0, 3)),
    }
    for compressed in (False, True):
        out = io.BytesIO()
        scipy.io.savemat(out, values, do_compression=compressed, oned_as="row")
        data = out.getvalue()
        yield f"{'packed' if compressed else 'plain'}.mat", b"MATLAB 5.0 MAT-file".ljust(116) + data[116:]
    yield "big-endian.mat", big_endian_mat()
    out = io.BytesIO()
    cells = np.array([["TH_KNU3_A", "PALM_1", "F1"]], dtype=object)
    scipy.io.savemat(out, {"xyz": np.arange(6.0).reshape(1, 2, 3, order="F"), "joint_names": cells})
    yield "scipy-write.mat", b"MATLAB 5.0 MAT-file".ljust(116) + out.getvalue()[116:]
    yield "v7.3.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM" + b"\0" * 384 + b"\x89HDF\r\n\x1a\n"


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in [*pickles(), *mats()]:
        (folder / name).write_bytes(data)
    named = dict(arrays())
    for name, array in named.items():
        (folder / f"{name}.npy").write_bytes(npy(array, (1, 0)))
    for major in (2, 3):
        (folder / f"v{major}.npy").write_bytes(npy(named["f8-le-C"], (major, 0)))
    (folder / "object.npy").write_bytes(object_npy())
    np.savez(folder / "plain.npz", seg=named["u1-le-C"], joint_3d=named["f4-le-C"])
    np.savez_compressed(folder / "packed.npz", seg=named["u1-le-C"], joint_3d=named["f4-le-C"])


def object_npy():
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([None]), (1, 0))
    return out.getvalue()


if __name__ == "__main__":
    main(sys.argv[1])
