"""Several processes that train one network: each takes its part of every batch, and the gradients are summed.

On a processor this keeps more cores busy than more threads do: the layers of a small network are done before their threads have
been woken up. Batch norms see one process's part of the batch; the first process's are kept.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn


@dataclass(frozen=True)
class Team:
    """One process among `size`; the first, number 0, does what is done once."""

    rank: int = 0
    size: int = 1

    def share(self, batch: int) -> slice:
        """The samples of a batch that this process takes."""
        return slice(self.rank, batch, self.size)

    def sum(self, network: nn.Module, losses: Tensor) -> Tensor:
        """Sums the gradients of all processes, in place, and a vector of losses."""
        if self.size == 1:
            return losses
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        flat = torch.cat([losses, *(g.flatten() for g in gradients)])
        dist.all_reduce(flat)
        parts = flat.split([len(losses), *(g.numel() for g in gradients)])
        for gradient, part in zip(gradients, parts[1:]):
            gradient.copy_(part.view_as(gradient))
        return parts[0]


def together(size: int, work: Callable, *arguments: object) -> None:
    """Runs `work(team, *arguments)` in this process and in `size - 1` others, which end when this one does."""
    if size == 1:
        work(Team(), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = os.path.join(folder, "meeting")
        others = [
            mp.get_context("spawn").Process(target=join, args=(Team(rank, size), meeting, work, *arguments), daemon=True)
            for rank in range(1, size)
        ]
        for other in others:
            other.start()
        join(Team(0, size), meeting, work, *arguments)


def join(team: Team, meeting: str, work: Callable, *arguments: object) -> None:
    """One process's part."""
    wait = datetime.timedelta(hours=1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=team.rank, world_size=team.size, timeout=wait)
    try:
        work(team, *arguments)
    finally:
        dist.destroy_process_group()
