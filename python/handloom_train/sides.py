"""Which hand a crop shows: the one that the network knows, or the mirror image of the other one.

A network that was only shown right hands makes a right hand of whatever it sees. How it does so differs: voting maps spread
and stacks disagree where nothing is as it knows it, and the pose is one that hands do not take. A small head on what the stacks say,
fitted after the training to hands and their mirror images, tells the two apart.

`python -m handloom_train.sides SETTINGS.toml` fits it to the best model so far and writes `model.onnx` with the output `side`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from .augment import Cube, cut_hand, drawn
from .cache import HandCache
from .export import command_line, export
from .networks.jgr_p2o import JgrP2O, Votes, squared_moves, squared_spreads
from .settings import Settings

# hands of the training split, evenly, that the head is fitted to, each with its mirror image
HANDS, EPOCHS, BATCH, LEARNING_RATE = 6000, 30, 128, 3e-3
# keeps logarithms finite
LEAST_SQUARED = 2.5e-5


class SideHead(nn.Module):
    """From what two stacks say of N joints to the log odds that the crop shows a hand as the network knows it."""

    def __init__(self, joints: int = 21, hidden: int = 64) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(6 * joints))
        self.register_buffer("scale", torch.ones(6 * joints))
        self.layers = nn.Sequential(nn.Linear(6 * joints, hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(hidden, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, 6 N] to log odds [B]."""
        return self.layers((features - self.mean) * self.scale).squeeze(1)


def features(votes: list[Votes], cell_depth: Tensor, grid: Tensor) -> Tensor:
    """What the head looks at, [B, 6 N]: per joint the logarithms of three squared lengths (spread of its voting map, by how much the
    last stack moved it, spread of its votes) and its place from the joints' mean. Pixels are at grid [P, 2] and depth [B, 1, P]."""
    last = votes[-1]
    pixels = (grid[:, 0], grid[:, 1], cell_depth)
    off = [last.offsets[:, k] + pixels[k] - last.joints[:, :, k : k + 1] for k in range(3)]
    votes_spread = (sum(x * x for x in off) * last.maps).sum(2)
    squares = torch.cat((squared_spreads(last.maps, grid), squared_moves(votes), votes_spread), dim=1)
    places = last.joints - last.joints.mean(1, keepdim=True)
    return torch.cat((torch.log(squares + LEAST_SQUARED), places.flatten(1)), dim=1)


def features_of(network: JgrP2O, depth: Tensor, votes: list[Votes]) -> Tensor:
    """The same for depth [B, 1, S, S] and what a network says of it."""
    return features(votes, network.cell_depth(depth), network.grid)


class WithSide(nn.Module):
    """A network and its head: keypoints, confidence, and the probability that the crop shows a hand as the network knows it, [B]."""

    def __init__(self, network: JgrP2O, head: SideHead) -> None:
        super().__init__()
        self.network, self.head, self.size_px = network, head, network.size_px

    def answers(self, depth: Tensor) -> dict[str, Tensor]:
        """By the names of the outputs."""
        votes = self.network(depth)
        odds = self.head(features_of(self.network, depth, votes))
        return {**self.network.answers_of(votes), "side": torch.sigmoid(odds)}


@torch.no_grad()
def seen(network: JgrP2O, hands: HandCache, numbers: np.ndarray, settings: Settings, augmented: bool) -> Tensor:
    """Features of hands and of their mirror images, [2, B, 6 N]."""
    found = []
    for first in range(0, len(numbers), 50):
        part = numbers[first : first + 50]
        cube = lambda k: drawn(settings.augment, np.random.default_rng([settings.run.seed, 7, int(k)])) if augmented else Cube()
        depth = torch.from_numpy(np.stack([cut_hand(hands[int(k)], settings.crop, cube(k)).image for k in part])[:, None])
        both = torch.cat((depth, depth.flip(3)))
        found.append(features_of(network, both, network(both)).view(2, len(part), -1))
    return torch.cat(found, dim=1)


def fit(known: Tensor, seed: int = 0) -> SideHead:
    """A head fitted to features of hands and of their mirror images, [2, B, 6 N]."""
    torch.manual_seed(seed)
    head = SideHead(known.shape[2] // 6)
    head.mean.copy_(known.mean((0, 1)))
    head.scale.copy_(1 / (known.std((0, 1)) + 1e-4))
    optimiser = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=3e-2)
    for epoch in range(EPOCHS):
        optimiser.param_groups[0]["lr"] = LEARNING_RATE * (1 - epoch / EPOCHS)
        for part in torch.randperm(known.shape[1]).split(BATCH):
            right, mirrored = head(known[:, part].flatten(0, 1)).view(2, -1)
            # each on its own, as where one crop is looked at, and both against each other
            alone = (softplus(-right).mean() + softplus(mirrored).mean()) / 2
            optimiser.zero_grad()
            (alone + softplus(mirrored - right).mean()).backward()
            optimiser.step()
    return head.eval()


@torch.no_grad()
def shares(head: SideHead, known: Tensor) -> tuple[float, float]:
    """Share of crops whose side is told from that crop alone, and from it and its mirror image."""
    right, mirrored = head(known.flatten(0, 1)).view(2, -1)
    alone = ((right > 0).float().mean() + (mirrored < 0).float().mean()) / 2
    return alone.item(), (right > mirrored).float().mean().item()


def add_side(settings: Settings, network: JgrP2O, out: Path) -> None:
    """Fits the head and writes the network with it."""
    from .train import hands

    torch.set_flush_denormal(True)
    torch.set_num_threads(settings.run.threads)
    network = network.eval().cpu()
    train, validation = hands(settings, settings.data.train), hands(settings, settings.data.validation)
    some = np.linspace(0, len(train) - 1, min(HANDS, len(train))).astype(int)
    head = fit(seen(network, train, some, settings, True), settings.run.seed)
    alone, both = shares(head, seen(network, validation, np.arange(len(validation)), settings, False))
    print(f"side: {100 * alone:.1f} % right from one crop, {100 * both:.1f} % from it and its mirror image", flush=True)
    export(WithSide(network, head), out)


def main() -> int:
    """The command line."""
    return command_line("sides", "adds the output `side` to the best model", add_side)


if __name__ == "__main__":
    sys.exit(main())
