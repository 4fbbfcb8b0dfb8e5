"""The image that stands for a taxon is the one nearest its mean."""

import numpy as np
import pandas as pd

from phylolens.stats.means import portraits
from phylolens.values import Features


def test_the_image_with_the_smallest_angle_is_taken():
    angles = {"a1": 10, "a2": 25, "a3": 80, "b1": 200, "c1": 5}
    rows = [[3 * np.cos(np.radians(d)), 3 * np.sin(np.radians(d))] for d in angles.values()]
    features = Features(tuple(angles), np.array(rows))
    taxa = pd.Series({"a1": "A", "a2": "A", "a3": "A", "b1": "B", "c1": None})
    means = Features(("A", "B", "D"), np.array([[np.cos(0.5), np.sin(0.5)], [-1, -0.3], [1, 0]]))
    found = portraits(features, taxa, means)
    assert found.to_dict("list") == {"taxon": ["A", "B"], "file": ["a2", "b1"]}  # 0.5 rad = 29 deg


def test_ties_are_settled_by_name():
    features = Features(("z", "y"), np.array([[1.0, 0.0], [2.0, 0.0]]))
    taxa = pd.Series({"z": "A", "y": "A"})
    means = Features(("A",), np.array([[1.0, 1.0]]))
    assert portraits(features, taxa, means)["file"].tolist() == ["y"]
