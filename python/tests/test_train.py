"""Training on a tiny dataset: resume, several processes, augmentation, curves."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training is not tested")
pytest.importorskip("onnx", reason="onnx is not installed: training is not tested")

from handloom_train.augment import Cube, cut_hand, drawn
from handloom_train.settings import AugmentSettings, CropSettings, ScheduleSettings, Settings, from_tables
from handloom_train.team import together
from handloom_train.train import Training, hands, learning_rate, train


def settings(tiny_set: Path, folder: Path, **run: object) -> Settings:
    return from_tables(
        {
            "data": {"set": str(tiny_set), "cache": str(tiny_set / "cache"), "workers": 1},
            "network": {"channels": 16, "stacks": 1},
            "schedule": {"steps": 6, "batch": 8, "warmup_steps": 2, "learning_rate": 1e-3, "cooldown_steps": 2},
            "run": {"folder": str(folder), "validate_every": 3, "checkpoint_every": 2, **run},
        },
        "test",
    )


class Killed(Exception):
    pass


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["network"]


def test_a_killed_training_goes_on_as_if_nothing_had_been(tiny_set, tmp_path, monkeypatch):
    whole = Training(settings(tiny_set, tmp_path / "whole"))
    whole.run()
    # dies in the middle of step 6, after the checkpoint of step 4
    cut_off = Training(settings(tiny_set, tmp_path / "cut"))
    batch = cut_off.batch
    monkeypatch.setattr(cut_off, "batch", lambda: batch() if cut_off.step < 5 else (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        cut_off.run()
    again = Training(settings(tiny_set, tmp_path / "cut"))
    assert again.step == 4
    again.run()
    a, b = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert all(torch.equal(a[name], b[name]) for name in a)
    for name in ("loss.csv", "validation.csv"):
        steps = [line.split(",")[0] for line in (tmp_path / "cut" / name).read_text().splitlines()]
        whole_steps = [line.split(",")[0] for line in (tmp_path / "whole" / name).read_text().splitlines()]
        assert steps == whole_steps
    assert (tmp_path / "cut/model.onnx").exists() and not list((tmp_path / "cut").glob("*.part"))


def test_batches_follow_from_seed_and_step(tiny_set, tmp_path):
    first, second = (Training(settings(tiny_set, tmp_path / name)) for name in "ab")
    other = Training(settings(tiny_set, tmp_path / "c", seed=1))
    second.step = 1
    later = second.batch()
    second.step = 0
    assert all(torch.equal(a, b) for a, b in zip(first.batch(), second.batch()))
    assert not torch.equal(first.batch()[0], later[0]) and not torch.equal(first.batch()[0], other.batch()[0])


def test_an_epoch_shows_every_hand_once(tiny_set, tmp_path, monkeypatch):
    training = Training(settings(tiny_set, tmp_path))
    shown = []
    monkeypatch.setattr(type(training.train), "__getitem__", recording(type(training.train).__getitem__, shown))
    for training.step in range(3):
        training.batch()
    assert sorted(shown) == list(range(24))


def recording(original, shown):
    def getitem(self, number):
        shown.append(int(number))
        return original(self, number)

    return getitem


def test_two_processes_learn_from_the_same_batch(tiny_set, tmp_path):
    hands(settings(tiny_set, tmp_path), "train")
    together(2, train, settings(tiny_set, tmp_path / "two", processes=2))
    together(1, train, settings(tiny_set, tmp_path / "one"))
    rows = [(tmp_path / name / "loss.csv").read_text().splitlines()[1].split(",") for name in ("one", "two")]
    # not the same: each process's batch norms see half a batch
    assert float(rows[0][1]) == pytest.approx(float(rows[1][1]), rel=0.05)
    a, b = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert not any(torch.isnan(value).any() for value in b.values())
    assert torch.allclose(a["heads.0.weight"], b["heads.0.weight"], atol=6e-3)


def test_learning_rate_of_the_published_schedule():
    s = ScheduleSettings(steps=1000)
    assert learning_rate(s, 0, 100) == pytest.approx(1e-4 / 3)
    assert learning_rate(s, 50, 100) == pytest.approx(1e-4 * 2 / 3)
    assert learning_rate(s, 250, 100) == pytest.approx(1e-4 * 0.96**2)
    assert learning_rate(s, 999, 100) == pytest.approx(1e-4 * 0.96**9)


def test_learning_rate_cools_down_to_almost_zero():
    s = ScheduleSettings(steps=100, warmup_steps=0, cooldown_steps=50, decay_per_epoch=1.0)
    rates = [learning_rate(s, step, 10) for step in range(100)]
    assert rates[:50] == [1e-4] * 50 and rates[99] == pytest.approx(1e-4 / 51)
    assert all(b < a for a, b in zip(rates[50:], rates[51:]))


def test_augmentation_is_one_of_four_equally_likely():
    random = np.random.default_rng(0)
    cubes = [drawn(AugmentSettings(), random) for _ in range(4000)]
    offsets = [c for c in cubes if c.offset_m != (0, 0, 0)]
    turns = [c for c in cubes if c.turn_rad]
    scales = [c for c in cubes if c.scale != 1]
    plain = [c for c in cubes if c == Cube()]
    assert len(offsets) + len(turns) + len(scales) + len(plain) == 4000
    assert all(900 < len(kind) < 1100 for kind in (offsets, turns, scales, plain))
    assert np.abs([c.offset_m for c in offsets]).max() <= 0.010
    assert np.pi * 0.99 < max(c.turn_rad for c in turns) <= np.pi
    assert min(c.scale for c in scales) == 0.9 and max(c.scale for c in scales) == 1.1


@pytest.mark.parametrize("cube", [Cube(), Cube((0.01, -0.01, 0.01)), Cube(turn_rad=2.2), Cube(scale=0.9)])
def test_augmentation_keeps_labels_on_the_image(tiny_set, tmp_path, cube):
    for hand in (hands(settings(tiny_set, tmp_path), "test")[k] for k in range(8)):
        crop = cut_hand(hand, CropSettings(), cube)
        # the nearest point hides all others: its blob must be where its label is, as deep as its label
        nearest = crop.from_camera(hand.keypoints_m)[np.argmin(hand.keypoints_m[:, 2])]
        column, row = (nearest[:2] * 96).astype(int)
        assert abs(crop.image[row, column] - nearest[2]) < 1e-3


def test_left_hands_are_shown_mirrored(tiny_set, tmp_path):
    hand = hands(settings(tiny_set, tmp_path), "test")[0]
    left = type(hand)(hand.depth, hand.camera, hand.centre_m, hand.keypoints_m, side=0)
    plain, mirrored = cut_hand(hand, CropSettings()), cut_hand(left, CropSettings())
    # but for pixels whose middle falls on the edge of two
    assert (plain.image != mirrored.image[:, ::-1]).mean() < 0.02
    a, b = plain.from_camera(hand.keypoints_m), mirrored.from_camera(hand.keypoints_m)
    assert np.allclose(a[:, 0], 1 - b[:, 0], atol=1e-5) and np.allclose(a[:, 1:], b[:, 1:], atol=1e-5)
    unmirrored = cut_hand(left, CropSettings(mirror_left=False))
    assert np.array_equal(unmirrored.image, plain.image)


def test_the_command_trains_scores_and_draws(tiny_set, tmp_path):
    preset = Path(__file__).parents[2] / "presets/train/jgr-p2o.toml"
    run = tmp_path / "run"
    values = {"data.set": tiny_set, "data.cache": tiny_set / "cache", "network.channels": 16, "schedule.steps": 2}
    values |= {"schedule.batch": 8, "schedule.warmup_steps": 0, "schedule.cooldown_steps": 0}
    values |= {"run.folder": run, "run.processes": 1}
    changes = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "handloom_train", preset, *changes]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "step 2 of 2" in done.stdout and "test: " in done.stdout
    report = json.loads((run / "test.json").read_text())
    assert report["score"]["hands"] == 8 and report["settings"]["network"]["channels"] == 16
    assert "after 2 steps" in (run / "curve.svg").read_text()
    wrong = subprocess.run([*command, "--set", "crop.size_px=1"], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert wrong.returncode == 2 and "`crop.size_px` = 1, expected 32 to 512" in wrong.stderr
