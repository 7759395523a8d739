"""Errors of keypoints, millimetres, camera frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# largest error of a frame, millimetres: JGR-P2O prints these as 10, 20, 30 and 40
MAX_ERROR_MM = (10.5, 20.5, 30.5, 40.5)
# thresholds of the area under PCK: 0 to 50 mm in 100 places, as for FreiHAND and HO-3D
AUC_THRESHOLDS_MM = np.linspace(0.0, 50.0, 100)


@dataclass(frozen=True)
class Score:
    """What a model reaches on a split."""

    hands: int
    # mean over joints, then over hands
    mean_mm: float
    # median over hands of their mean over joints
    median_mm: float
    # each joint's mean over hands
    joints_mm: tuple[float, ...]
    # share of hands whose worst joint is within `MAX_ERROR_MM`
    success: tuple[float, ...]
    # area under PCK, 0 to 50 mm
    auc: float
    # mean when every hand is moved so that its wrist (joint 0) is right
    wrist_relative_mm: float


def joint_errors_mm(answers_m: NDArray, truth_m: NDArray) -> NDArray:
    """Distances [F, N] in millimetres between points [F, N, 3] in metres."""
    return np.linalg.norm(np.asarray(answers_m, np.float64) - truth_m, axis=2) * 1000


def score(answers_m: NDArray, truth_m: NDArray) -> Score:
    """Errors of answers [F, N, 3] against the truth [F, N, 3], metres, camera frame."""
    errors = joint_errors_mm(answers_m, truth_m)
    frames = errors.mean(axis=1)
    relative = joint_errors_mm(answers_m - answers_m[:, :1], truth_m - truth_m[:, :1])
    pck = np.array([(errors <= t).mean() for t in AUC_THRESHOLDS_MM])
    return Score(
        hands=len(errors),
        mean_mm=float(frames.mean()),
        median_mm=float(np.median(frames)),
        joints_mm=tuple(float(v) for v in errors.mean(axis=0)),
        success=tuple(float((errors.max(axis=1) <= t).mean()) for t in MAX_ERROR_MM),
        auc=float(((pck[1:] + pck[:-1]) / 2).mean()),
        wrist_relative_mm=float(relative.mean()),
    )
