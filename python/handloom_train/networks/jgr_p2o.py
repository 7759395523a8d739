"""JGR-P2O: joint graph reasoning, pixel-to-offset voting (Fang et al., ECCV 2020), as its source code builds it.

A crop of 96 x 96 depth values in [-1, 1] goes in; out come, per stack, N joints as (u, v, z): u and v in 0..1 over the crop, z in
half edges of the cube from its centre. Every one of 24 x 24 pixels votes for every joint with an offset; how much it counts is
what the graph reasoning attended to.

All convolutions before a batch norm have no bias. A pooling or convolution of stride 2 pads symmetrically (the source code's
framework pads one pixel more at the end: the mirror image of the same thing).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

# wrist to the five roots, then along each finger: MSRA's graph in the canonical order of joints
HAND_EDGES: tuple[tuple[int, int], ...] = tuple(
    edge for root in (1, 5, 9, 13, 17) for edge in ((0, root), (root, root + 1), (root + 1, root + 2), (root + 2, root + 3))
)


def normalised_adjacency(joints: int, edges: tuple[tuple[int, int], ...]) -> Tensor:
    """D^-1/2 A D^-1/2 of the joints' graph with self loops, [N, N]."""
    a = torch.eye(joints)
    for i, j in edges:
        a[i, j] = a[j, i] = 1.0
    scale = a.sum(1).rsqrt()
    return scale[:, None] * a * scale[None, :]


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> list[nn.Module]:
    """Convolution without bias, and batch norm."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.05),
    ]


def conv_norm_relu(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, batch norm, ReLU."""
    return nn.Sequential(*conv_norm(inputs, outputs, kernel, stride), nn.ReLU(inplace=True))


class Votes(NamedTuple):
    """What one stack says, of N joints and P pixels."""

    # u, v in 0..1 over the crop, z in half edges of the cube, [B, N, 3]
    joints: Tensor
    # of every joint from every pixel, same units, [B, 3, N, P]
    offsets: Tensor
    # how much a pixel counts for a joint, of sum 1, [B, N, P]
    maps: Tensor


class Residual(nn.Module):
    """1 x 1 to half the channels, 3 x 3, 1 x 1; ReLU after the sum with the input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.body = nn.Sequential(
            conv_norm_relu(inputs, half), conv_norm_relu(half, half, 3), *conv_norm(half, outputs)
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Sequential(*conv_norm(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.body(x) + self.shortcut(x))


class Hourglass(nn.Module):
    """`depth` times down and up again, with a residual beside each; [B, C, H, W] stays as it is."""

    def __init__(self, depth: int, channels: int) -> None:
        super().__init__()
        self.upper = Residual(channels, channels)
        self.lower = nn.Sequential(
            nn.MaxPool2d(3, 2, padding=1),
            Residual(channels, channels),
            Hourglass(depth - 1, channels) if depth > 1 else nn.Identity(),
            Residual(channels, channels),
            nn.Upsample(scale_factor=2, mode="nearest"),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.upper(x) + self.lower(x)


class GraphReasoning(nn.Module):
    """Pixels to joints, one graph convolution, joints to pixels."""

    def __init__(self, channels: int, joints: int, edges: tuple[tuple[int, int], ...], cells: int) -> None:
        super().__init__()
        self.channels, self.joints, self.cells = channels, joints, cells
        self.attention = nn.Conv2d(channels, joints, 1)
        self.features = conv_norm_relu(channels, channels)
        self.weight = nn.Linear(channels, channels, bias=False)
        self.back = conv_norm_relu(channels, channels)
        self.merge = conv_norm_relu(2 * channels, channels)
        self.register_buffer("adjacency", normalised_adjacency(joints, edges), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, C, H, W] to features of the same shape and the maps that attended, [B, N, H W], each of sum 1."""
        pixels = self.cells * self.cells
        maps = torch.softmax(as_float(self.attention(x)).reshape(-1, self.joints, pixels), dim=2)
        features = self.features(x).reshape(-1, self.channels, pixels)
        weights = as_type(maps, features.dtype)
        joints = torch.matmul(weights, features.transpose(1, 2))
        joints = torch.relu(torch.matmul(as_type(self.adjacency, joints.dtype), self.weight(joints)))
        back = torch.matmul(joints.transpose(1, 2), weights) * (1.0 / self.joints)
        back = self.back(back.reshape(-1, self.channels, self.cells, self.cells))
        return self.merge(torch.cat((x, back), dim=1)), maps


class JgrP2O(nn.Module):
    """The network. `forward` gives the votes of every stack; `answer` what the last one says."""

    def __init__(
        self,
        joints: int = 21,
        edges: tuple[tuple[int, int], ...] = HAND_EDGES,
        stacks: int = 2,
        channels: int = 128,
        size_px: int = 96,
    ) -> None:
        super().__init__()
        self.joints, self.size_px = joints, size_px
        cells = size_px // 4
        self.stem = nn.Sequential(
            conv_norm_relu(1, 32, 7, 2),
            Residual(32, 64),
            nn.MaxPool2d(2),
            Residual(64, 64),
            Residual(64, channels),
        )
        self.hourglasses = nn.ModuleList(
            nn.Sequential(Hourglass(3, channels), Residual(channels, channels)) for _ in range(stacks)
        )
        self.graphs = nn.ModuleList(GraphReasoning(channels, joints, edges, cells) for _ in range(stacks))
        # u, v and z offsets: three convolutions side by side
        self.heads = nn.ModuleList(nn.Conv2d(channels, 3 * joints, 1, bias=False) for _ in range(stacks))
        self.from_heads = nn.ModuleList(conv_norm_relu(3 * joints, channels) for _ in range(stacks - 1))
        self.from_merged = nn.ModuleList(conv_norm_relu(channels, channels) for _ in range(stacks - 1))
        # u and v of the voting pixels, 0 at the first and 1 at the last, [P, 2]; a vote's place is this and its offset
        steps = torch.linspace(0.0, 1.0, cells)
        grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"))
        self.register_buffer("grid", grid.flatten(1).T.contiguous(), persistent=False)
        # depth at the voting pixels: the crop at a quarter of its size, bilinear, which is the mean of the middle four of sixteen
        self.quarter = nn.AvgPool2d(2, 4)
        self.apply(initialise)

    def forward(self, depth: Tensor) -> list[Votes]:
        """Depth [B, 1, S, S] to the votes of every stack."""
        cell_depth = self.quarter(depth[:, :, 1:, 1:]).reshape(-1, len(self.grid), 1)
        x = self.stem(depth)
        out = []
        for stack, hourglass in enumerate(self.hourglasses):
            merged, maps = self.graphs[stack](hourglass(x))
            heads = self.heads[stack](merged)
            offsets = as_float(heads).reshape(-1, 3, self.joints, len(self.grid))
            out.append(Votes(vote(offsets, self.grid, cell_depth, maps), offsets, maps))
            if stack < len(self.from_heads):
                x = x + self.from_heads[stack](heads) + self.from_merged[stack](merged)
        return out

    def pixels(self, depth: Tensor) -> Tensor:
        """u, v and depth of the voting pixels, [B, 3, P]."""
        return torch.cat((self.grid.T.expand(len(depth), -1, -1), self.cell_depth(depth)), dim=1)

    def cell_depth(self, depth: Tensor) -> Tensor:
        """Depth of the voting pixels, [B, 1, P]."""
        return self.quarter(depth[:, :, 1:, 1:]).reshape(-1, 1, len(self.grid))

    def answer(self, depth: Tensor) -> Tensor:
        """Depth [B, 1, S, S] to joints (u, v, z), [B, N, 3]."""
        return self(depth)[-1].joints

    def answers(self, depth: Tensor) -> dict[str, Tensor]:
        """What an exported network says of depth [B, 1, S, S], by the names of the outputs: `keypoints` [B, N, 3] and how sure it
        is of each, `confidence` [B, N]."""
        return self.answers_of(self(depth))

    def answers_of(self, votes: list[Votes]) -> dict[str, Tensor]:
        """The same from the votes of every stack."""
        return {"keypoints": votes[-1].joints, "confidence": confidence(votes, self.grid)}


# Confidence is the probability that a joint is within 20 mm, by a logistic regression on the 2,000 hands of the validation split
# of presets/jgr.toml: constant, logarithm of the squared spread of a voting map, that of the squared distance between two stacks
CONFIDENCE = (-6.82, -1.10, -0.43)
# keep the logarithms finite
LEAST_SQUARED = 2.5e-5
# squared distance of two stacks that is usual, for networks of one stack
USUAL_SQUARED = 4e-4


def confidence(votes: list[Votes], grid: Tensor) -> Tensor:
    """How sure the last stack is of each joint, 0 to 1, [B, N], from votes of pixels at grid [P, 2].

    1 / (1 + e^6.82 s^2.2 d^0.86): s is the spread of the joint's voting map over the crop (standard deviation of u and v), d how
    far the last stack moved the joint (u, v, z). A joint that few pixels near each other vote for, and that the stacks agree
    about, is sure.
    """
    constant, by_spread, by_distance = CONFIDENCE
    spread = torch.log(squared_spreads(votes[-1].maps, grid) + LEAST_SQUARED)
    distance = torch.log(squared_moves(votes) + LEAST_SQUARED)
    return torch.sigmoid(by_spread * spread + by_distance * distance + constant)


def squared_spreads(maps: Tensor, grid: Tensor) -> Tensor:
    """Variances of voting maps [B, N, P] over the crop, u's and v's together, [B, N]."""
    mean = torch.matmul(maps, grid)
    # rounding may leave less than nothing of a map of one pixel
    return torch.relu((torch.matmul(maps, grid * grid) - mean * mean).sum(2))


def squared_moves(votes: list[Votes]) -> Tensor:
    """By how much the last stack moved each joint, squared (u, v, z), [B, N]; what is usual where there is one stack."""
    if len(votes) < 2:
        return torch.full_like(votes[-1].joints[..., 0], USUAL_SQUARED)
    moved = votes[-1].joints - votes[-2].joints
    return (moved * moved).sum(2)


def vote(offsets: Tensor, grid: Tensor, cell_depth: Tensor, maps: Tensor) -> Tensor:
    """Joints [B, N, 3]: offsets [B, 3, N, P] from pixels at grid [P, 2] and depth [B, P, 1], weighted with maps [B, N, P]."""
    # in float32 also where the rest is in bfloat16: three digits are too few for a place in the picture
    with torch.autocast(maps.device.type, enabled=False):
        places = torch.cat((torch.matmul(maps, grid), torch.matmul(maps, cell_depth)), dim=2)
    return places + (offsets * maps.unsqueeze(1)).sum(3).transpose(1, 2)


def as_float(x: Tensor) -> Tensor:
    """In float32: sums over hundreds of pixels need it."""
    return as_type(x, torch.float32)


def as_type(x: Tensor, dtype: torch.dtype) -> Tensor:
    """In a type; leaves no trace in an exported graph where it is that type already."""
    return x if x.dtype == dtype else x.to(dtype)


def initialise(module: nn.Module) -> None:
    """Weights of a truncated normal, sigma 0.01; the gains of batch norms normal around 1."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.trunc_normal_(module.weight, std=0.01, a=-0.02, b=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.01)
