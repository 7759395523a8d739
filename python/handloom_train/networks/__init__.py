"""Networks by the name that `network.name` gives them.

A network takes depth [B, 1, S, S] and returns a list of votes, see `JgrP2O.forward`; yours may as well bring its own loss.
"""

from __future__ import annotations

from ..settings import Settings
from .jgr_p2o import JgrP2O


def build(settings: Settings) -> JgrP2O:
    """The network that the settings ask for, freshly initialised."""
    s = settings.network
    return NETWORKS[s.name](stacks=s.stacks, channels=s.channels, size_px=settings.crop.size_px)


NETWORKS = {"jgr-p2o": JgrP2O}
