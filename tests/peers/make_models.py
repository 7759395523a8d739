"""Writes the small networks of tests/data/models, with what onnxruntime makes of given inputs.

    python tests/peers/make_models.py tests/data/models

Needs numpy, onnx, onnxruntime, torch, onnxscript, of which CI has numpy only: run.sh makes them again where all are there, and says so where not. Every network is analytic: it finds blobs or dots whose place is known, so
that the right answer follows from the picture. `expected.json` holds, for each network, pictures as lists of blobs
and the numbers that onnxruntime gives for them.
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

SIZE = 64
JOINTS = 21


def hues():
    """21 colours far from each other and from grey: corners and edges of the colour cube, at two brightnesses."""
    levels = [0.0, 0.5, 1.0]
    cube = [(r, g, b) for r in levels for g in levels for b in levels]
    return np.array([c for c in cube if max(c) > 0.4 and max(c) - min(c) > 0.4][:JOINTS], np.float32)


def dots(points, size, colours=None, radius=2.5):
    """A black picture with a disc at each point (pixels from the corner); [C, size, size], 0 to 1."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    image = np.zeros((3 if colours is not None else 1, size, size), np.float32)
    for k, (u, v) in enumerate(points):
        inside = (x - u) ** 2 + (y - v) ** 2 <= radius**2
        image[:, inside] = colours[k][:, None] if colours is not None else 1.0
    return image


def point_set(seed, size, count):
    """Points at pixel centres, at least 9 pixels apart and 6 from the border."""
    rng = np.random.default_rng(seed)
    points = []
    while len(points) < count:
        p = rng.integers(6, size - 6, 2) + 0.5
        if all(np.hypot(*(p - q)) >= 9 for q in points):
            points.append(p)
    return np.array(points, np.float32)


class Likeness(nn.Module):
    """How like each of 21 colours a pixel is (1 if equal), averaged over the disc: [N, 21, H, W]."""

    def __init__(self, stride=1):
        super().__init__()
        self.register_buffer("hues", torch.tensor(hues()).reshape(1, JOINTS, 3, 1, 1))
        self.pool = nn.AvgPool2d(5, stride, 2)

    def forward(self, image):
        distance = ((image.unsqueeze(1) - self.hues) ** 2).sum(2)
        return self.pool(torch.relu(1.0 - 8.0 * distance))


class Heatmaps(nn.Module):
    def __init__(self):
        super().__init__()
        self.likeness = Likeness()

    def forward(self, image):
        maps = self.likeness(image)
        presence = maps.amax((2, 3)).mean(1, keepdim=True)
        return maps, presence


def grid(size, count):
    return (torch.arange(count, dtype=torch.float32) + 0.5) / count * size


class Coordinates(nn.Module):
    """Soft-argmax of the likeness: x, y from 0 to 1, z = 0.1 x - 0.05; [N, 21, 3]."""

    def __init__(self):
        super().__init__()
        self.likeness = Likeness()

    def forward(self, image):
        maps = self.likeness(image)
        weights = torch.softmax(maps.flatten(2) * 60.0, -1).reshape(maps.shape)
        along = grid(1.0, SIZE)
        u, v = (weights.sum(2) * along).sum(-1), (weights.sum(3) * along).sum(-1)
        return torch.stack([u, v, 0.1 * u - 0.05], -1)


class SimCc(nn.Module):
    """Logits along x and y, two bins a pixel."""

    def __init__(self):
        super().__init__()
        self.likeness = Likeness()

    def forward(self, image):
        maps = self.likeness(image)
        return maps.amax(2).repeat_interleave(2, -1), maps.amax(3).repeat_interleave(2, -1)


class TwoAndAHalf(nn.Module):
    """Heatmaps at stride 2 and depth maps whose number at column k of 32 is k / 100 metres."""

    def __init__(self):
        super().__init__()
        self.likeness = Likeness(2)

    def forward(self, image):
        maps = self.likeness(image)
        return maps, torch.zeros_like(maps) + torch.arange(maps.shape[-1], dtype=torch.float32) * 0.01


class Volumes(nn.Module):
    """[N, 21, 16, 64, 64]: joint k lies in slice k mod 16."""

    def __init__(self):
        super().__init__()
        self.likeness = Likeness()
        slices = torch.zeros(1, JOINTS, 16, 1, 1)
        slices[0, torch.arange(JOINTS), torch.arange(JOINTS) % 16] = 1.0
        self.register_buffer("slices", slices)

    def forward(self, image):
        return self.likeness(image).unsqueeze(2) * self.slices


class Offsets(nn.Module):
    """JGR-P2O's votes on depth: joint k is 0.02 k right of the nearest part's centroid, and 0.1 behind its surface."""

    def forward(self, depth):
        near = nn.functional.avg_pool2d(torch.relu(0.5 - depth), 4)
        weights = (near / (near.sum((2, 3), keepdim=True) + 1e-9)).repeat(1, JOINTS, 1, 1)
        shift = (torch.arange(JOINTS, dtype=torch.float32) * 0.02).reshape(1, JOINTS, 1, 1)
        zero = torch.zeros_like(weights)
        return weights, zero + shift, zero, zero + 0.1


class Anchors(nn.Module):
    """A2J: anchors at 2, 6, 10, 14 of each 16 pixels; those near the depth's nearest part respond. [N, K, 21(, 2)]."""

    def forward(self, depth):
        places = torch.tensor([2, 6, 10, 14])
        rows = (torch.arange(SIZE // 16).reshape(-1, 1) * 16 + places).flatten()
        picked = depth[:, 0][:, rows][:, :, rows]
        n, cells = depth.shape[0], SIZE // 16
        picked = picked.reshape(n, cells, 4, cells, 4).permute(0, 1, 3, 2, 4).reshape(n, -1, 1)
        responses = (picked * -40.0).repeat(1, 1, JOINTS)
        shift = torch.arange(JOINTS, dtype=torch.float32).reshape(1, 1, JOINTS)
        offsets = torch.stack([torch.zeros_like(responses) + 1.0, torch.zeros_like(responses) + shift], -1)
        return responses, offsets, picked.repeat(1, 1, JOINTS)


class Stereo(nn.Module):
    """Centroid of the light in each of two views: [N, 2 * 1, 2] in pixels from the centre of the first, and the side."""

    def forward(self, pair):
        size = pair.shape[-1]
        k = torch.arange(size, dtype=torch.float32)
        total = pair.sum((2, 3)) + 1e-9
        x, y = (pair.sum(2) * k).sum(-1) / total, (pair.sum(3) * k).sum(-1) / total
        return torch.stack([x, y], -1), total[:, :1] - 1.0


def coherent_boxes():
    """A detector of plain operators: [1, 2, 6] rows from the left and right half's brightest extents."""

    class Rows(nn.Module):
        def forward(self, image):
            light = (image.amax(1) > 0.2).float()
            rows = []
            for half in range(2):
                part = light[:, :, half * 32 : half * 32 + 32]
                columns, lines = part.amax(1), part.amax(2)
                k = torch.arange(32.0)
                j = torch.arange(64.0)
                left = torch.where(columns > 0, k, 99.0 + 0.0 * k).amin(1) + 32.0 * half
                right = torch.where(columns > 0, k + 1.0, 0.0 * k).amax(1) + 32.0 * half
                top = torch.where(lines > 0, j, 99.0 + 0.0 * j).amin(1)
                bottom = torch.where(lines > 0, j + 1.0, 0.0 * j).amax(1)
                score = part.amax((1, 2)) * 0.9
                rows.append(torch.stack([left, top, right, bottom, score, score * 0.0 + half], -1))
            return torch.stack(rows, 1)

    return Rows()


def mask_model():
    """[N, 2, 32, 32] logits of background and hand, in the manner of HandSegNet."""

    class Mask(nn.Module):
        def forward(self, image):
            light = nn.functional.avg_pool2d(image.amax(1, keepdim=True), 2)
            return torch.cat([2.0 - 10.0 * light, 10.0 * light - 2.0], 1)

    return Mask()


def centre_model():
    """[1, 16, 16, 1], channels last: light averaged over 4 x 4 pixels, blurred."""
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["light"], axes=[3], keepdims=1),
        helper.make_node("Transpose", ["light"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("AveragePool", ["small"], ["soft"], kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["soft"], ["heat"], perm=[0, 2, 3, 1]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, SIZE, SIZE, 3])
    heat = helper.make_tensor_value_info("heat", TensorProto.FLOAT, [1, 16, 16, 1])
    return helper.make_model(
        helper.make_graph(nodes, "centres", [image], [heat]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )


def bytes_model():
    """Takes bytes, channels last, one picture at a time: the centroid of the light, 0 to 1, for one joint."""
    size = SIZE // 2
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    weights = np.stack([(x + 0.5) / size, (y + 0.5) / size, np.ones_like(x)]).reshape(3, -1).T.astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["light"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["light", "shape"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["sums"]),
        helper.make_node("Split", ["sums", "parts"], ["moments", "total"], axis=1),
        helper.make_node("Div", ["moments", "total"], ["point"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, size, size, 1])
    point = helper.make_tensor_value_info("point", TensorProto.FLOAT, [1, 2])
    initial = [
        numpy_helper.from_array(np.array([1, size * size], np.int64), "shape"),
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([2, 1], np.int64), "parts"),
    ]
    graph = helper.make_graph(nodes, "bytes", [image], [point], initial)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def not_a_number():
    """Heatmaps that are 0 / 0."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["zero"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["zero", "zero"], ["nothing"]),
        helper.make_node("Div", ["nothing", "nothing"], ["one"]),
        helper.make_node("Concat", ["one"] * JOINTS, ["heat"], axis=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    heat = helper.make_tensor_value_info("heat", TensorProto.FLOAT, ["n", JOINTS, SIZE, SIZE])
    graph = helper.make_graph(nodes, "nan", [image], [heat])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def export(folder, name, module, shape, outputs, dynamo, dynamic=True):
    path = os.path.join(folder, name + ".onnx")
    example = torch.rand(2 if dynamic else 1, *shape)
    module.eval()
    if dynamo:
        shapes = ({0: torch.export.Dim("batch", min=1, max=64)},) if dynamic else None
        program = torch.onnx.export(
            module, (example,), dynamo=True, dynamic_shapes=shapes, input_names=["image"], output_names=outputs,
            external_data=False, verbose=False,
        )
        program.save(path, external_data=False)
    else:
        axes = {n: {0: "batch"} for n in ["image", *outputs]} if dynamic else None
        torch.onnx.export(
            module, (example,), path, dynamo=False, input_names=["image"], output_names=outputs, dynamic_axes=axes,
            opset_version=17,
        )
    model = onnx.load(path)
    for node in model.graph.node:  # traces hold paths of this machine
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        if hasattr(value, "metadata_props"):
            del value.metadata_props[:]
    del model.metadata_props[:], model.graph.metadata_props[:]
    model.graph.doc_string = ""
    onnx.save(model, path)


def disc(points, z, radius):
    """Depth crops with one disc each, [N, 1, size, size]."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    crops = [np.where((x - u) ** 2 + (y - v) ** 2 <= radius**2, z, 1.0) for u, v in points]
    return np.array(crops, np.float32)[:, None]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    colour, depth = (3, SIZE, SIZE), (1, SIZE, SIZE)
    export(folder, "heatmaps", Heatmaps(), colour, ["heat", "presence"], dynamo=True)
    export(folder, "coordinates", Coordinates(), colour, ["points"], dynamo=False)
    export(folder, "coordinates_fixed", Coordinates(), colour, ["points"], dynamo=True, dynamic=False)
    export(folder, "simcc", SimCc(), colour, ["x", "y"], dynamo=True)
    export(folder, "two_and_a_half", TwoAndAHalf(), colour, ["heat", "depth"], dynamo=False)
    export(folder, "volumes", Volumes(), colour, ["volume"], dynamo=True)
    export(folder, "offsets", Offsets(), depth, ["weights", "u", "v", "z"], dynamo=True)
    export(folder, "anchors", Anchors(), depth, ["responses", "offsets", "depths"], dynamo=False)
    export(folder, "stereo", Stereo(), (2, SIZE, SIZE), ["points", "side"], dynamo=True)
    export(folder, "detector_rows", coherent_boxes(), colour, ["rows"], dynamo=True, dynamic=False)
    export(folder, "detector_mask", mask_model(), colour, ["mask"], dynamo=False)
    for name, model in [("detector_centres", centre_model()), ("bytes", bytes_model()), ("nan", not_a_number())]:
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, os.path.join(folder, name + ".onnx"))

    sets = [point_set(seed, SIZE, JOINTS) for seed in (1, 2)]
    pictures = np.stack([dots(p, SIZE, hues()) for p in sets])
    centres = np.array([[20.5, 30.5], [40.0, 25.0]], np.float32)
    crops = disc(centres, -0.25, 9)
    pairs = np.stack([np.concatenate([dots([a], SIZE), dots([b], SIZE)]) for a, b in [sets[0][:2], sets[1][:2]]])
    expected = {"size": SIZE, "hues": hues().tolist(), "points": [p.tolist() for p in sets], "discs": centres.tolist(), "outputs": {}}
    for name, images in {
        "heatmaps": pictures, "coordinates": pictures, "coordinates_fixed": pictures[:1], "simcc": pictures,
        "two_and_a_half": pictures, "offsets": crops, "anchors": crops, "stereo": pairs,
    }.items():
        session = onnxruntime.InferenceSession(os.path.join(folder, name + ".onnx"), providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: images})
        # enough of each output to tell: shape, and every so-manieth number
        expected["outputs"][name] = [
            {"name": o.name, "shape": list(a.shape), "step": max(1, a.size // 40),
             "numbers": [round(float(x), 5) for x in a.ravel()[:: max(1, a.size // 40)]]}
            for o, a in zip(session.get_outputs(), found)
        ]
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
