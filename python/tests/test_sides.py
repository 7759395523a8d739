"""The head that tells a hand from its mirror image."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: networks are not tested")

from handloom_train import sides
from handloom_train.networks.jgr_p2o import JgrP2O


def test_features_are_lengths_and_places():
    network = JgrP2O(channels=16).eval()
    depth = torch.rand(2, 1, 96, 96) * 2 - 1
    with torch.no_grad():
        votes = network(depth)
        found = sides.features_of(network, depth, votes).view(2, 6, 21)
    last = votes[-1]
    off = last.offsets + network.pixels(depth).unsqueeze(2) - last.joints.transpose(1, 2).unsqueeze(3)
    spread = ((off * off).sum(1) * last.maps).sum(2)
    assert torch.allclose(found[:, 2], torch.log(spread + sides.LEAST_SQUARED), atol=1e-4)
    moved = (votes[1].joints - votes[0].joints).square().sum(2)
    assert torch.allclose(found[:, 1], torch.log(moved + sides.LEAST_SQUARED), atol=1e-4)
    places = found[:, 3:].reshape(2, 21, 3)
    assert torch.allclose(places, last.joints - last.joints.mean(1, keepdim=True), atol=1e-5)


def test_what_differs_is_learned():
    torch.manual_seed(0)
    known = torch.randn(2, 600, 6)
    known[1, :, 2] += 3
    head = sides.fit(known[:, :500])
    alone, both = sides.shares(head, known[:, 500:])
    assert alone > 0.88 and both > 0.95
    none = torch.randn(2, 600, 6)
    assert abs(sides.shares(sides.fit(none[:, :500]), none[:, 500:])[1] - 0.5) < 0.15


def test_the_best_model_gets_a_side(tiny_set, tmp_path, monkeypatch, capsys):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: the export is not tested")
    settings = tmp_path / "small.toml"
    settings.write_text(
        f"[data]\nset = '{tiny_set}'\ncache = '{tiny_set}/cache'\nworkers = 1\n[network]\nchannels = 16\n[run]\nfolder = '{tmp_path}'\n"
    )
    monkeypatch.setattr("sys.argv", ["sides", str(settings)])
    assert sides.main() == 2 and "best.pt" in capsys.readouterr().err
    network = JgrP2O(channels=16).eval()
    torch.save(network.state_dict(), tmp_path / "best.pt")
    assert sides.main() == 0
    assert "from one crop" in capsys.readouterr().out
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        depth = torch.rand(batch, 1, 96, 96) * 2 - 1
        keypoints, confidence, side = session.run(["keypoints", "confidence", "side"], {"depth": depth.numpy()})
        wanted = network.answers(depth)
        assert np.abs(keypoints - wanted["keypoints"].detach().numpy()).max() < 1e-5
        assert np.abs(confidence - wanted["confidence"].detach().numpy()).max() < 1e-5
        assert side.shape == (batch,) and ((side > 0) & (side < 1)).all()
