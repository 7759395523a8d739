"""Loss of JGR-P2O: Huber of the coordinates and, lightly, of every pixel's offsets; summed over batch, joints and stacks."""

from __future__ import annotations

import torch
from torch import Tensor

from .networks.jgr_p2o import Votes


def huber(difference: Tensor, delta: float) -> Tensor:
    """Sum of x^2 / 2 where |x| < delta, else delta (|x| - delta / 2)."""
    return torch.nn.functional.huber_loss(difference, torch.zeros_like(difference), reduction="sum", delta=delta)


def votes_loss(votes: list[Votes], pixels: Tensor, truth: Tensor, delta: float, offset_weight: float) -> tuple[Tensor, Tensor]:
    """Loss of the batch, and the part of it that is the last stack's coordinates.

    Votes are those of `JgrP2O.forward`, pixels [B, 3, P] those of `JgrP2O.pixels`; truth [B, N, 3] is u, v in 0..1 over the
    crop and z in half edges.
    """
    wanted = truth.transpose(1, 2).unsqueeze(3) - pixels.unsqueeze(2)
    coordinates = [huber(stack.joints - truth, delta) for stack in votes]
    offsets = [huber(stack.offsets - wanted, delta) for stack in votes]
    return sum(coordinates) + offset_weight * sum(offsets), coordinates[-1].detach()
