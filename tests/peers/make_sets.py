"""Writes miniature copies of the hand datasets that Handloom reads: make_sets.py FOLDER [NAME ...].

Each folder holds the set's own tree (names, sizes, byte orders, joint orders, units and signs after the published formats)
and `expected.json`, what a reader must make of it. Nothing of Handloom is used.
"""

import shutil
import sys
from pathlib import Path

from miniature import annotated, captured, depth, rendered

SETS = {
    "rhd": rendered.rhd,
    "stb": captured.stb,
    "dexter_object": captured.dexter_object,
    "synthhands": rendered.synthhands,
    "ganerated": rendered.ganerated,
    "freihand": captured.freihand,
    "ho3d": captured.ho3d,
    "dexycb": captured.dexycb,
    "interhand": captured.interhand,
    "nyu": depth.nyu,
    "msra": depth.msra,
    "icvl": depth.icvl,
    "coco": annotated.coco,
    "coco_wholebody": annotated.wholebody,
}


def main(folder, names):
    for name in names or SETS:
        target = Path(folder) / name
        shutil.rmtree(target, ignore_errors=True)
        SETS[name](target)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
