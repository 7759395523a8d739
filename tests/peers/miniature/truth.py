"""Hands whose joints are known: a small skeleton with five different digits.

Joints: 0 wrist; thumb CMC MCP IP tip; index, middle, ring, little MCP PIP DIP tip. Metres, camera frame +X right, +Y down,
+Z forward.
"""

import math
import random

import numpy as np

# in the hand: +X to the thumb, +Y to the fingertips, +Z out of the palm (a right hand)
KNUCKLES_MM = [(24, 20, 11), (26, 92, 2), (4, 96, 4), (-17, 89, 3), (-36, 79, -3)]
BONES_MM = [(45, 33, 27), (41, 25, 20), (46, 29, 21), (43, 27, 20), (33, 19, 18)]
SPLAY = [0, 0.10, 0.02, -0.08, -0.19]
THUMB_DIRECTION = (0.72, 0.62, 0.31)


def rotation(x, y, z):
    """About X, then Y, then Z."""
    cx, sx, cy, sy, cz, sz = (f(a) for a in (x, y, z) for f in (math.cos, math.sin))
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return rz @ ry @ rx


def hand(side, seed, centre, size=1.0):
    """21 joints of a hand whose middle knuckle is near `centre`."""
    dice = random.Random(f"hand {seed}")
    joints = [np.zeros(3)]
    for digit in range(5):
        at = np.array(KNUCKLES_MM[digit], float)
        joints.append(at)
        if digit == 0:
            direction = np.array(THUMB_DIRECTION)
            bend_about = np.cross(direction, (0, 0, 1))
        else:
            splay = SPLAY[digit] + dice.uniform(-0.05, 0.05)
            direction = np.array([math.sin(splay), math.cos(splay), 0.0])
            bend_about = np.cross(direction, (0, 0, 1))
        bend_about /= np.linalg.norm(bend_about)
        angle = 0.0
        for bone, length in enumerate(BONES_MM[digit]):
            angle += dice.uniform(0.05, 0.55 if bone else 0.75) * (0.5 if digit == 0 else 1.0)
            side_step = np.cross(bend_about, direction)
            turned = direction * math.cos(angle) + side_step * math.sin(angle)
            at = at + length * turned / np.linalg.norm(turned)
            joints.append(at)
    joints = np.array(joints) * size / 1000
    if side == "left":
        joints[:, 0] *= -1
    # fingers up, palm to the camera, then turned by up to half a radian about each axis
    turn = rotation(*(dice.uniform(-0.5, 0.5) for _ in range(3))) @ np.diag([1.0, -1.0, -1.0])
    joints = joints @ turn.T
    return joints - joints[9] + np.array(centre, float)


def project(k, points):
    """Pixels of points in front of a pinhole."""
    uvw = np.asarray(points) @ np.asarray(k).T
    return uvw[..., :2] / uvw[..., 2:]


def matrix(fx, fy, cx, cy):
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def corner(k, shift):
    """A camera matrix counted from the corner of the first pixel, given one counted `shift` further in."""
    k = np.array(k, float)
    k[0, 2] += shift
    k[1, 2] += shift
    return k
