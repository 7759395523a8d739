"""Metrics of random hands by numpy and scipy: make_metrics.py FOLDER writes case.json, which a Rust test compares with.

Nothing here is taken from the crate: definitions are those of the papers' evaluation code, written down again.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.linalg import svd
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

FPS = 30.0


def hands(rng, frames=40):
    """Truth, estimate and fit in metres, pixels of both, visibility; nan is missing. One hand per frame of one clip."""
    rest = rng.normal(0, 0.04, (21, 3))
    turns = Rotation.from_rotvec(np.cumsum(rng.normal(0, 0.15, (frames, 3)), axis=0))
    path = np.cumsum(rng.normal(0, 0.004, (frames, 1, 3)), axis=0) + [0.02, -0.01, 0.6]
    truth = np.stack([turn.apply(rest) for turn in turns]) + path
    scale = rng.uniform(0.8, 1.25, (frames, 1, 1))
    estimate = scale * (truth - path) + path + rng.normal(0, 0.012, truth.shape) + rng.normal(0, 0.01, (frames, 1, 3))
    fit = truth + rng.normal(0, 0.02, truth.shape)
    pixels = 500 * truth[..., :2] / truth[..., 2:] + [320, 240]
    found = pixels + rng.normal(0, 9, pixels.shape)
    visible = rng.random((frames, 21)) < 0.7
    missing = rng.random((frames, 21)) < 0.05
    truth[missing], pixels[missing] = np.nan, np.nan
    estimate[rng.random((frames, 21)) < 0.04] = np.nan
    found[rng.random((frames, 21)) < 0.04] = np.nan
    estimate[7], found[7], fit[7] = np.nan, np.nan, np.nan  # a hand that was missed
    return [np.round(a, 6) for a in (truth, estimate, fit, pixels, found)] + [visible]


def rooted(p):
    return p - p[:, :1]


def restored(truth, estimate):
    bone = [np.linalg.norm(p[:, 9] - p[:, 10], axis=-1) for p in (truth, estimate)]
    return rooted(estimate) * (bone[0] / bone[1])[:, None, None]


def procrustes(truth, estimate):
    """Similarity with determinant +1, by singular values; the rotation agrees with scipy's own."""
    known = ~np.isnan(truth).any(-1) & ~np.isnan(estimate).any(-1)
    if known.sum() < 3:
        return np.full_like(estimate, np.nan)
    a, b = estimate[known], truth[known]
    a0, b0 = a - a.mean(0), b - b.mean(0)
    u, s, vt = svd(a0.T @ b0)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    assert np.allclose(Rotation.align_vectors(b0, a0)[0].as_matrix(), rotation.T, atol=1e-6)
    scale = (s * sign).sum() / (a0**2).sum()
    return (estimate - a.mean(0)) @ rotation * scale + b.mean(0)


def pck(errors, thresholds):
    """errors: frames x keypoints, nan left out, inf is wrong. Per keypoint, then mean."""
    curves = [(e[~np.isnan(e)][:, None] <= thresholds).mean(0) for e in errors.T if (~np.isnan(e)).any()]
    return np.mean(curves, axis=0)


def auc(errors, thresholds):
    return np.trapezoid(pck(errors, thresholds), thresholds) / (thresholds[-1] - thresholds[0])


def per_keypoint(errors, of):
    return np.mean([of(e[~np.isnan(e)]) for e in errors.T if (~np.isnan(e)).any()])


def points(errors, labelled):
    hand = np.array([np.nanmean(e) for e in errors if (~np.isnan(e)).any()])
    top = np.array([np.nanmax(e) for e in errors if (~np.isnan(e)).any()])
    twenty, hundred = np.linspace(0, 50, 20), np.linspace(0, 50, 100)
    with_misses = np.where(labelled & np.isnan(errors), np.inf, errors)
    return {
        "hands": len(hand),
        "mpjpe_mm": hand.mean(),
        "median_mm": np.median(hand),
        "p90_mm": np.percentile(hand, 90),
        "max_joint_mm": top.mean(),
        "epe_mean_mm": per_keypoint(errors, np.mean),
        "epe_median_mm": per_keypoint(errors, np.median),
        "pck_20": pck(errors, np.array([20.0]))[0],
        "pck_30": pck(errors, np.array([30.0]))[0],
        "auc_0_50": auc(errors, twenty),
        "auc_20_50": auc(errors, twenty[8:]),
        "auc_0_50_steps_100": auc(errors, hundred),
        "auc_20_50_steps_100": auc(errors, np.linspace(20, 50, 100)),
        "auc_0_50_misses_count": auc(with_misses, twenty),
    }


def space(truth, compared, estimate, visible):
    errors = 1000 * np.linalg.norm(compared - estimate, axis=-1)
    labelled = ~np.isnan(truth).any(-1)
    hand = [e for e in errors if (~np.isnan(e)).any()]
    thresholds = np.arange(85)
    share = lambda values: (np.array(values)[:, None] <= thresholds).mean(0).tolist()
    joint = np.array([np.nanmean(e) for e in errors.T])
    return {
        "all": points(errors, labelled),
        "visible": points(np.where(visible, errors, np.nan), labelled & visible),
        "parts_mm": {
            **{name: joint[1 + 4 * k : 5 + 4 * k].mean() for k, name in enumerate(["thumb", "index", "middle", "ring", "little"])},
            "fingertips": joint[4::4].mean(),
            "wrist": joint[0],
            "all": joint.mean(),
        },
        "joints_mm": joint.tolist(),
        "joints_p90_mm": [np.nanpercentile(e, 90) for e in errors.T],
        "pck": {"shares": pck(errors, np.arange(51.0)).tolist()},
        "success_max": {"shares": share([np.nanmax(e) for e in hand])},
        "success_mean": {"shares": share([np.nanmean(e) for e in hand])},
    }


def motion(truth, estimate, runs):
    acceleration, jitter = [], []
    for run in runs:
        t, e = truth[run], estimate[run]
        second = lambda p: p[:-2] - 2 * p[1:-1] + p[2:]
        acceleration.append(1000 * np.linalg.norm(second(t) - second(e), axis=-1).ravel())
        jitter.append(np.linalg.norm(np.diff(e, n=3, axis=0), axis=-1).ravel() * FPS**3)
    acceleration = np.nanmean(np.concatenate(acceleration))
    return {
        "acceleration_error_mm_per_frame2": acceleration,
        "acceleration_error_m_s2": acceleration * FPS**2 / 1000,
        "jitter_m_s3": np.nanmean(np.concatenate(jitter)),
    }


def method(truth, estimate, visible, runs):
    aligned = np.stack([procrustes(t, e) for t, e in zip(truth, estimate)])
    return {
        "absolute": space(truth, truth, estimate, visible),
        "root_relative": space(truth, rooted(truth), rooted(estimate), visible),
        "scale_restored": space(truth, rooted(truth), restored(truth, estimate), visible),
        "aligned": space(truth, truth, aligned, visible),
        "motion": motion(truth, estimate, runs),
    }


def picture(pixels, found, visible):
    errors = np.linalg.norm(pixels - found, axis=-1)
    seen = np.where(visible, errors, np.nan)
    box = np.nanmax(np.nanmax(pixels, 1) - np.nanmin(pixels, 1), axis=-1, keepdims=True)
    thirty = np.linspace(0, 30, 20)
    return {
        "mean_px": np.mean([np.nanmean(e) for e in errors if (~np.isnan(e)).any()]),
        "epe_mean_px": per_keypoint(errors, np.mean),
        "epe_median_px": per_keypoint(errors, np.median),
        "visible_epe_mean_px": per_keypoint(seen, np.mean),
        "visible_epe_median_px": per_keypoint(seen, np.median),
        "auc_0_30": auc(errors, thirty),
        "visible_auc_0_30": auc(seen, thirty),
        "pck_box_02": pck(errors / box, np.array([0.2]))[0],
    }


def mesh(rng, vertices=600):
    truth = rng.normal(0, 0.03, (vertices, 3))
    estimate = 1.1 * Rotation.from_rotvec([0.05, -0.1, 0.03]).apply(truth) + rng.normal(0, 0.003, truth.shape) + 0.004
    truth, estimate = np.round(truth, 5), np.round(estimate, 5)

    def scores(found):
        near = [cKDTree(a).query(b)[0] for a, b in ((truth, found), (found, truth))]
        share = [[(d < t).mean() for d in near] for t in (0.005, 0.015)]
        return {
            "mpvpe_mm": 1000 * np.linalg.norm(truth - found, axis=-1).mean(),
            "f": [2 * p * r / (p + r) for p, r in share],
        }

    return {
        "truth": truth.tolist(),
        "estimate": estimate.tolist(),
        "expected": scores(estimate),
        "aligned": scores(procrustes(truth, estimate)),
    }


def plain(value):
    """Without nan, numpy's types and needless digits."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        if value and all(isinstance(v, float) and np.isnan(v) for v in value):
            return None
        return [plain(v) for v in value]
    return float(f"{value:.8g}") if isinstance(value, float) else int(value) if isinstance(value, np.integer) else value


def main(folder):
    rng = np.random.default_rng(20)
    truth, estimate, fit, pixels, found, visible = hands(rng)
    # the track changes at frame 20; the hand is lost at 7
    runs = [slice(0, 7), slice(8, 20), slice(20, 40)]
    case = {
        "fps": FPS,
        "track": [0 if k < 7 else 1 if k < 20 else 2 for k in range(40)],
        "visible": visible.tolist(),
        "truth_m": truth,
        "estimate_m": estimate,
        "fit_m": fit,
        "truth_px": pixels,
        "estimate_px": found,
        "expected": {
            "frames": 40,
            "tracks": {"true_hands": 40, "found": 39, "missed": 1, "surplus": 0, "lost_tracks": 1, "identity_switches": 1},
            "keypoints": {**method(truth, estimate, visible, runs), "pixels": picture(pixels, found, visible)},
            "fit": method(truth, fit, visible, runs),
        },
        "mesh": mesh(rng),
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "case.json").write_text(json.dumps(plain(case), separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
