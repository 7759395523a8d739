"""Metrics on cases done by hand. Numpy only."""

import numpy as np

from handloom_train.metrics import joint_errors_mm, score


def test_errors_of_known_displacements():
    truth = np.zeros((2, 3, 3))
    answers = truth.copy()
    answers[0, 1] = [0.003, 0.004, 0]
    answers[1, :] = [0, 0, 0.010]
    assert np.allclose(joint_errors_mm(answers, truth), [[0, 5, 0], [10, 10, 10]])
    found = score(answers, truth)
    # (5 / 3 + 10) / 2; wrists moved back: (5 / 3 + 0) / 2
    assert np.isclose(found.mean_mm, 35 / 6) and np.isclose(found.wrist_relative_mm, 5 / 6)
    assert np.isclose(found.median_mm, 35 / 6) and np.allclose(found.joints_mm, [5, 7.5, 5])
    assert found.success == (1.0, 1.0, 1.0, 1.0) and found.hands == 2


def test_success_counts_the_worst_joint():
    truth = np.zeros((4, 2, 3))
    answers = truth.copy()
    answers[:, 0, 0] = [0.010, 0.011, 0.030, 0.050]
    assert score(answers, truth).success == (0.25, 0.5, 0.75, 0.75)


def test_area_under_pck():
    truth = np.zeros((1, 1, 3))
    assert score(truth, truth).auc == 1.0
    # nothing is right below 25 mm, all above: half of the range, and half a step for the jump
    found = score(truth + np.array([0.025, 0, 0]), truth)
    assert abs(found.auc - 0.5) < 1 / 99
    assert score(truth + 1, truth).auc == 0.0
