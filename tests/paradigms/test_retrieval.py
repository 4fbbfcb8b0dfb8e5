import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score

from phylolens.guided.sample import sample_of_rows
from phylolens.paradigms.retrieval import Retrieval


def images(rng, sizes, width=3):
    """A sample of taxa of these sizes, and the specimens of its images: two images each."""
    stops = np.cumsum(sizes)
    n = int(stops[-1])
    ids = tuple(f"i{place}" for place in range(n))
    matrix = rng.standard_normal((n, width)).astype(np.float32)
    taxa = tuple(f"t{place}" for place in range(len(sizes)))
    sample = sample_of_rows(taxa, matrix, stops - sizes, stops, np.ones(n), ids, {})
    specimens = pd.Series([f"s{place // 2}" for place in range(n)], index=list(ids))
    return sample, specimens


def test_against_a_loop():
    rng = np.random.default_rng(0)
    sample, specimens = images(rng, np.array([4, 6, 8, 4]))
    found = Retrieval(sample, specimens)
    out, places = np.array([1, 3]), sample.matrix().astype(float)
    found.add(places, out)
    centre = places[~np.isin(sample.codes, out)].mean(axis=0)
    unit = (places - centre) / np.linalg.norm(places - centre, axis=1, keepdims=True)
    first, average = {}, {}
    for query in np.flatnonzero(np.isin(sample.codes, out)):
        gallery = specimens.to_numpy() != specimens.iloc[query]
        scores = unit[gallery] @ unit[query]
        right = sample.codes[gallery] == sample.codes[query]
        first.setdefault(sample.codes[query], []).append(right[scores.argmax()])
        average.setdefault(sample.codes[query], []).append(average_precision_score(right, scores))
    assert found.n_taxa == 2
    assert found.recall_at_1 == pytest.approx(np.mean([np.mean(one) for one in first.values()]))
    assert found.mean_average_precision == pytest.approx(
        np.mean([np.mean(one) for one in average.values()])
    )


def test_another_image_of_the_same_specimen_is_no_find():
    rng = np.random.default_rng(1)
    sample, specimens = images(rng, np.array([2, 4, 4]))
    found = Retrieval(sample, specimens)
    found.add(sample.matrix(), np.array([0]))
    assert found.recall_at_1 is None  # both images are of one specimen: nothing to find
    assert found.n_taxa == 0


def test_a_distance_of_the_method_decides():
    sample, specimens = images(np.random.default_rng(2), np.array([4, 4, 4]))
    matrix = sample.matrix().astype(float)
    matrix[:4] = [[9, 0, 0], [9, 0, 0], [8, 0, 0], [8, 0, 0]]
    matrix[4:] = np.abs(matrix[4:]) * [0.001, 1, 1] + [8.9, 0, 0]  # near in length, not direction
    found = Retrieval(sample, specimens)
    found.add(matrix, np.array([0]), lambda a, b: cdist(a, b, "cosine"))
    assert found.recall_at_1 == 1.0


def test_many_queries_are_scored_as_few(monkeypatch):
    sample, specimens = images(np.random.default_rng(3), np.array([8, 6, 8]))
    whole, parts = Retrieval(sample, specimens), Retrieval(sample, specimens)
    whole.add(sample.matrix(), np.array([0, 2]))
    monkeypatch.setattr("phylolens.paradigms.retrieval.AT_ONCE", 3)
    parts.add(sample.matrix(), np.array([0, 2]))
    assert parts.mean_average_precision == pytest.approx(whole.mean_average_precision)
