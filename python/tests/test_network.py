"""The network, its loss and its export."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: networks are not tested")

from handloom_train.export import export, folded
from handloom_train.loss import huber, votes_loss
from handloom_train.networks.jgr_p2o import HAND_EDGES, JgrP2O, Votes, normalised_adjacency, vote


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_number_of_parameters_is_the_published_one():
    # NYU's 14 joints; the published code also counts a variable of 14 x 14 that nothing depends on
    assert parameters(JgrP2O(joints=14, edges=())) + 14 * 14 == 1_365_440
    assert parameters(JgrP2O()) == 1_375_114


def test_adjacency_of_the_hand():
    assert len(HAND_EDGES) == 20
    a = normalised_adjacency(21, HAND_EDGES)
    assert torch.equal(a, a.T)
    # wrist: itself and five roots; root: wrist, itself, next; tip: itself and the one before
    assert [(row > 0).sum().item() for row in a] == [6] + [3, 3, 3, 2] * 5
    assert a[0, 5].item() == pytest.approx(1 / np.sqrt(6 * 3))
    assert a[7, 8].item() == pytest.approx(1 / np.sqrt(3 * 2))
    assert a[4, 5] == 0 and a[0, 2] == 0


def test_votes_are_offset_plus_place_weighted():
    # two pixels: at u 0, v 0, depth -0.5 and at u 1, v 0.25, depth 0.5; one joint, the first pixel counts for a quarter
    grid = torch.tensor([[0.0, 0.0], [1.0, 0.25]])
    depth = torch.tensor([[[-0.5], [0.5]]])
    offsets = torch.tensor([[[[0.2, -0.6]], [[0.1, -0.1]], [[0.4, -0.4]]]])
    joint = vote(offsets, grid, depth, torch.tensor([[[0.25, 0.75]]]))
    assert torch.allclose(joint, torch.tensor([[[0.05 + 0.3, 0.025 + 0.1125, -0.025 + 0.075]]]))


def test_depth_of_the_voting_pixels_is_the_bilinear_quarter():
    depth = torch.rand(2, 1, 96, 96)
    network = JgrP2O(channels=16, stacks=1)
    wanted = torch.nn.functional.interpolate(depth, (24, 24), mode="bilinear", align_corners=False)
    pixels = network.pixels(depth)
    assert torch.allclose(pixels[:, 2], wanted.flatten(1), atol=1e-6)
    assert pixels[0, :2, 1].tolist() == pytest.approx([1 / 23, 0]) and pixels[0, :2, -1].tolist() == [1, 1]


def test_answer_is_the_vote_of_the_last_stack_over_its_pixels():
    network = JgrP2O(channels=16).eval()
    depth = torch.rand(2, 1, 96, 96) * 2 - 1
    votes, pixels = network(depth), network.pixels(depth)
    assert len(votes) == 2
    for stack in votes:
        assert torch.allclose(stack.maps.sum(2), torch.ones(2, 21), atol=1e-5)
        again = ((stack.offsets + pixels.unsqueeze(2)) * stack.maps.unsqueeze(1)).sum(3).transpose(1, 2)
        assert torch.allclose(stack.joints, again, atol=1e-5)
    assert torch.equal(network.answer(depth), votes[1].joints)


def test_votes_stay_in_float32_when_convolutions_do_not():
    network = JgrP2O(channels=16).eval()
    with torch.autocast("cpu", torch.bfloat16):
        stack = network(torch.rand(1, 1, 96, 96))[0]
    pixels = network.pixels(torch.rand(1, 1, 96, 96))
    assert stack.joints.dtype == stack.maps.dtype == torch.float32
    u = ((stack.offsets[:, 0] + pixels[:, 0]) * stack.maps).sum(2)
    assert torch.allclose(stack.joints[..., 0], u, atol=1e-5)


def test_huber_as_published():
    # 0.5 x^2 below delta, delta (|x| - delta / 2) above
    x = torch.tensor([0.004, -0.01, 0.5, -1.0])
    wanted = 0.5 * 0.004**2 + 0.5 * 0.01**2 + 0.01 * (0.5 - 0.005) + 0.01 * (1.0 - 0.005)
    assert huber(x, 0.01).item() == pytest.approx(wanted, rel=1e-5)


def test_loss_sums_stacks_coordinates_and_offsets():
    truth = torch.zeros(2, 1, 3)
    pixels = torch.zeros(2, 3, 4)
    right = Votes(torch.zeros(2, 1, 3), torch.zeros(2, 3, 1, 4), torch.full((2, 1, 4), 0.25))
    loss, last = votes_loss([right, right], pixels, truth, 0.01, 1e-4)
    assert loss.item() == 0 and last.item() == 0
    wrong = right._replace(joints=torch.full((2, 1, 3), 0.1), offsets=torch.full((2, 3, 1, 4), 0.1))
    loss, last = votes_loss([right, wrong], pixels, truth, 0.01, 1e-4)
    one = 0.01 * 0.095
    assert last.item() == pytest.approx(6 * one) and loss.item() == pytest.approx(6 * one + 1e-4 * 24 * one)


def test_folded_norms_change_nothing():
    network = JgrP2O(channels=16)
    depth = torch.rand(4, 1, 96, 96) * 2 - 1
    for _ in range(3):
        network(depth)
    network.eval()
    plain = folded(network)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in plain.modules())
    assert torch.allclose(plain.answer(depth), network.answer(depth), atol=1e-5)


def test_onnx_file_says_the_same(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: the export is not tested")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: the export is not tested")
    network = JgrP2O()
    network(torch.rand(4, 1, 96, 96) * 2 - 1)
    network.eval()
    path = tmp_path / "model.onnx"
    export(network, path)
    assert path.stat().st_size < 6_000_000 and list(tmp_path.iterdir()) == [path]
    known = {"Conv", "Relu", "Add", "Mul", "MatMul", "Softmax", "MaxPool", "AveragePool", "Resize", "Slice", "Concat"}
    known |= {"Constant", "Reshape", "Transpose", "Unsqueeze", "ReduceSum", "Identity"}
    assert {node.op_type for node in onnx.load(path).graph.node} <= known
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        depth = torch.rand(batch, 1, 96, 96) * 2 - 1
        (found,) = session.run(["keypoints"], {"depth": depth.numpy()})
        assert np.abs(found - network.answer(depth).detach().numpy()).max() < 1e-5
