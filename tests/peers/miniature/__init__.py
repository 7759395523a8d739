"""Miniature copies of hand datasets, byte-exact after their published formats. Nothing of Handloom is imported."""
