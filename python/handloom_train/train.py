"""The training loop: batches that follow from the step alone, checkpoints that survive a kill, the best model as ONNX."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import networks
from .augment import Cube, cut_hand, drawn
from .cache import HandCache, cached
from .curve import draw
from .export import export
from .loss import votes_loss
from .metrics import Score, score
from .settings import ScheduleSettings, Settings
from .team import Team

CHECKPOINT = "checkpoint.pt"
LOSS_CSV, VALIDATION_CSV = "loss.csv", "validation.csv"


class Training:
    """A network on its way: everything that a checkpoint holds, and the hands it learns from."""

    def __init__(self, settings: Settings, team: Team = Team()) -> None:
        self.settings, self.team = settings, team
        self.folder = Path(settings.run.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(settings.run.threads)
        torch.manual_seed(settings.run.seed)
        # sharp voting maps are full of numbers too small to matter, which are slow
        torch.set_flush_denormal(True)
        self.device = torch.device(settings.run.device)
        self.network = networks.build(settings).to(self.device, memory_format=torch.channels_last)
        self.optimiser = adam(self.network, settings.schedule)
        self.step = 0
        self.best_mm = math.inf
        self.train = hands(settings, settings.data.train)
        self.validation = hands(settings, settings.data.validation)
        self.losses, self.scores = Table(self.folder / LOSS_CSV), Table(self.folder / VALIDATION_CSV)
        self.resume()

    def resume(self) -> None:
        """Goes on where the checkpoint of the run's folder stopped, if there is one."""
        path = self.folder / CHECKPOINT
        if path.exists():
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.best_mm = state["step"], state["best_mm"]
        if self.team.rank == 0:
            print(f"{self.folder}: starting after step {self.step}", flush=True)
            # rows after the checkpoint will be written again
            self.losses.cut(self.step)
            self.scores.cut(self.step)

    def save(self) -> None:
        """Replaces the checkpoint; a kill leaves the old or the new one."""
        path = self.folder / CHECKPOINT
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best_mm": self.best_mm,
        }
        partial = path.with_name(path.name + ".part")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def run(self) -> None:
        """All steps that are left."""
        s = self.settings
        started, first = time.monotonic(), self.step
        sums, since = np.zeros(2), self.step
        while self.step < s.schedule.steps:
            sums += self.one_step()
            self.step += 1
            last = self.step == s.schedule.steps
            if self.team.rank:
                continue
            if self.step % 50 == 0 or last:
                loss, coordinates = sums / (self.step - since) / s.schedule.batch
                rate = (self.step - first) / (time.monotonic() - started)
                lr = self.optimiser.param_groups[0]["lr"]
                self.losses.add(step=self.step, loss=loss, coordinates=coordinates, learning_rate=lr)
                print(
                    f"step {self.step} of {s.schedule.steps}, {rate * s.schedule.batch:.0f} hands/s, loss {loss:.5f},"
                    f" learning rate {lr:.2e}, {clock((s.schedule.steps - self.step) / rate)} left",
                    flush=True,
                )
                sums, since = np.zeros(2), self.step
            if self.step % s.run.validate_every == 0 or last:
                self.validate()
            if self.step % s.run.checkpoint_every == 0 or last:
                self.save()

    def one_step(self) -> list[float]:
        """One batch: its loss, and that of the last stack's coordinates."""
        s = self.settings
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(s.schedule, self.step, self.steps_per_epoch())
        depth, truth = (t.to(self.device) for t in self.batch())
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=s.run.precision == "bf16"):
            votes = self.network(depth)
        loss, coordinates = votes_loss(votes, self.network.pixels(depth), truth, s.loss.huber_delta, s.loss.offsets)
        self.optimiser.zero_grad()
        loss.backward()
        losses = self.team.sum(self.network, torch.stack([loss.detach(), coordinates]))
        self.optimiser.step()
        return losses.tolist()

    def steps_per_epoch(self) -> int:
        """The last batch of an epoch is whole or left out."""
        return max(len(self.train) // self.settings.schedule.batch, 1)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Depth [B, 1, S, S] and truth [B, N, 3] of the current step: this process's share.

        They follow from the seed and the step alone.
        """
        s = self.settings
        epoch, place = divmod(self.step, self.steps_per_epoch())
        order = np.random.default_rng([s.run.seed, epoch]).permutation(len(self.train))
        numbers = np.take(order, np.arange(place * s.schedule.batch, (place + 1) * s.schedule.batch), mode="wrap")
        images, truth = [], []
        for number in numbers[self.team.share(s.schedule.batch)]:
            hand = self.train[number]
            cube = drawn(s.augment, np.random.default_rng([s.run.seed, epoch, int(number)]))
            crop = cut_hand(hand, s.crop, cube)
            images.append(crop.image)
            truth.append(np.clip(crop.from_camera(hand.keypoints_m), [-np.inf, -np.inf, -1], [np.inf, np.inf, 1]))
        return torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(truth).astype(np.float32))

    def validate(self) -> None:
        """Scores the network, and keeps it as the model if it is the best so far."""
        found = evaluate(self.network, self.validation, self.settings)
        best = found.mean_mm < self.best_mm
        if best:
            self.best_mm = found.mean_mm
            torch.save(self.network.state_dict(), self.folder / "best.pt.part")
            (self.folder / "best.pt.part").replace(self.folder / "best.pt")
            export(self.network, self.folder / "model.onnx")
        self.scores.add(step=self.step, mean_mm=found.mean_mm, median_mm=found.median_mm, auc=found.auc)
        print(f"step {self.step}: validation {found.mean_mm:.2f} mm{', the best so far' if best else ''}", flush=True)
        draw(self.folder)

    def test(self) -> Score:
        """Scores the best network on hands that nothing was chosen with; also written as `test.json`."""
        self.network.load_state_dict(torch.load(self.folder / "best.pt", map_location=self.device, weights_only=True))
        found = evaluate(self.network, hands(self.settings, self.settings.data.test), self.settings)
        report = {"split": self.settings.data.test, "steps": self.step, "score": vars(found), "settings": self.settings.as_dict()}
        (self.folder / "test.json").write_text(json.dumps(report, indent=2) + "\n")
        return found


class Table:
    """Rows of numbers in a CSV file, the step first; appended to, so that a kill loses nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, **row: Any) -> None:
        new = not self.path.exists()
        with self.path.open("a") as file:
            if new:
                file.write(",".join(row) + "\n")
            file.write(",".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row.values()) + "\n")

    def cut(self, step: int) -> None:
        """Drops rows after a step."""
        if self.path.exists():
            head, *rows = self.path.read_text().splitlines()
            kept = [row for row in rows if int(row.split(",")[0]) <= step]
            self.path.write_text("\n".join([head, *kept]) + "\n")


def train(team: Team, settings: Settings) -> None:
    """One process's part of a training."""
    Training(settings, team).run()


def hands(settings: Settings, split: str) -> HandCache:
    """The hands of a split."""
    d, c = settings.data, settings.crop
    return cached(Path(d.set), split, Path(d.cache), c.cube_mm / 1000, c.passes, d.workers)


def adam(network: nn.Module, schedule: ScheduleSettings) -> torch.optim.Adam:
    """Adam with L2 on kernels and batch norms' gains, not on biases."""
    named = list(network.named_parameters())
    kernels = [p for name, p in named if not name.endswith("bias")]
    biases = [p for name, p in named if name.endswith("bias")]
    groups = [{"params": kernels, "weight_decay": schedule.l2}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.Adam(groups, lr=schedule.learning_rate, betas=(schedule.beta1, 0.999), fused=True)


def learning_rate(s: ScheduleSettings, step: int, steps_per_epoch: int) -> float:
    """Of a step, counted from 0."""
    warm = 1.0 if step >= s.warmup_steps else 1 / 3 + 2 / 3 * step / s.warmup_steps
    decay = s.decay_per_epoch ** (step // steps_per_epoch)
    cool = min(1.0, (s.steps - step) / (s.cooldown_steps + 1)) if s.cooldown_steps else 1.0
    return s.learning_rate * warm * decay * cool


@torch.no_grad()
def evaluate(network: nn.Module, hands: HandCache, settings: Settings) -> Score:
    """Score on all hands of a split, not augmented, in float32."""
    network.eval()
    device = next(network.parameters()).device
    answers, truth = [], []
    for first in range(0, len(hands), 50):
        batch = [hands[k] for k in range(first, min(first + 50, len(hands)))]
        crops = [cut_hand(hand, settings.crop, Cube()) for hand in batch]
        depth = torch.from_numpy(np.stack([crop.image for crop in crops])[:, None]).to(device)
        found = network.answer(depth).cpu().numpy()
        answers += [crop.to_camera(answer) for crop, answer in zip(crops, found)]
        truth += [hand.keypoints_m for hand in batch]
    return score(np.stack(answers), np.stack(truth))


def clock(seconds: float) -> str:
    """Hours and minutes."""
    minutes = math.ceil(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
