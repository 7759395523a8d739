"""ONNX export: one file with its weights inside, of operators that every runtime has.

Input `depth` [N, 1, S, S]: -1 at the cube's front, 1 at its back and where nothing is. Output `keypoints` [N, 21, 3]: u and v in
0..1 over the crop, z in half edges of the cube from its centre. Output `confidence` [N, 21]: 0 to 1. Networks may say more, see
`answers` of yours.

`python -m handloom_train.export SETTINGS.toml` writes the best model so far of a training that runs or was stopped.
"""

from __future__ import annotations

import argparse
import copy
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .settings import Settings, SettingsError, load
from .shards import DataError

OPSET = 17


class Answer(nn.Module):
    """A network without what only training needs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, depth: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.answers(depth).values())


def folded(network: nn.Module) -> nn.Module:
    """A copy whose batch norms are part of the convolutions before them."""
    network = copy.deepcopy(network).eval().cpu()
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            layers = list(module.named_children())
            for (name, layer), (after, norm) in zip(layers, layers[1:]):
                if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    setattr(module, name, fuse_conv_bn_eval(layer, norm))
                    setattr(module, after, nn.Identity())
    return network


def export(network: nn.Module, path: Path) -> None:
    """Writes the network as ONNX; the file is whole or not there."""
    answer = Answer(folded(network)).eval().to(memory_format=torch.contiguous_format)
    depth = torch.zeros(2, 1, network.size_px, network.size_px)
    partial = path.with_name(path.name + ".part")
    outputs = list(answer.network.answers(depth))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            answer,
            (depth,),
            str(partial),
            dynamo=False,
            opset_version=OPSET,
            input_names=["depth"],
            output_names=outputs,
            dynamic_axes={name: {0: "N"} for name in ["depth", *outputs]},
        )
    partial.replace(path)


def best_network(settings: Settings, weights: Path | None) -> nn.Module:
    """The network of a training with the best weights so far, or others."""
    from . import networks

    weights = weights or Path(settings.run.folder) / "best.pt"
    network = networks.build(settings)
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except OSError as error:
        message = f"{weights}: {error.strerror or error}\nhint: a training writes best.pt at its first validation"
        raise SettingsError(message) from error
    except (RuntimeError, pickle.UnpicklingError) as error:
        raise SettingsError(f"{weights}: {error}\nhint: give the settings that it was trained with") from error
    return network


def command_line(module: str, description: str, write: Callable[[Settings, nn.Module, Path], None]) -> int:
    """The command line of what writes a trained network as an ONNX file."""
    parser = argparse.ArgumentParser(prog=f"python -m handloom_train.{module}", description=description)
    parser.add_argument("settings", type=Path, help="the TOML file of the training")
    parser.add_argument("--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="changes a setting; may be repeated")
    parser.add_argument("--weights", type=Path, help="default: best.pt in the run's folder")
    parser.add_argument("--out", type=Path, help="default: model.onnx in the run's folder")
    arguments = parser.parse_args()
    try:
        settings = load(arguments.settings, arguments.set)
        out = arguments.out or Path(settings.run.folder) / "model.onnx"
        out.parent.mkdir(parents=True, exist_ok=True)
        write(settings, best_network(settings, arguments.weights), out)
    except (SettingsError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0


def main() -> int:
    """Writes the best model as it is."""
    return command_line("export", "writes weights as an ONNX file", lambda _, network, out: export(network, out))


if __name__ == "__main__":
    sys.exit(main())
