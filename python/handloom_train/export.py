"""ONNX export: one file with its weights inside, of operators that every runtime has.

Input `depth` [N, 1, S, S]: -1 at the cube's front, 1 at its back and where nothing is. Output `keypoints` [N, 21, 3]: u and v in
0..1 over the crop, z in half edges of the cube from its centre.
"""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 17


class Answer(nn.Module):
    """A network without what only training needs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, depth: Tensor) -> Tensor:
        return self.network.answer(depth)


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            answer,
            (depth,),
            str(partial),
            dynamo=False,
            opset_version=OPSET,
            input_names=["depth"],
            output_names=["keypoints"],
            dynamic_axes={"depth": {0: "N"}, "keypoints": {0: "N"}},
        )
    partial.replace(path)
