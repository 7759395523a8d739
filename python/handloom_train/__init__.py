"""Training of hand trackers on the datasets of `handloom generate`.

`crop`, `metrics`, `settings` and `shards` need numpy and pillow only; the rest needs torch.
"""

__version__ = "0.1.0"
