"""Species never seen: a fixed linear probe, and clusterings held against the ranks."""

import warnings
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import adjusted_rand_score, f1_score, normalized_mutual_info_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from phylolens.paradigms.data import BenchData, NewSpecies, ranks_of
from phylolens.random import stream

PENALTY = 0.1  # of the probe, per training image: fixed, so that embeddings are compared, not tuned
PERMUTED = 20  # labellings
STARTS = 3  # of k-means


def probe_score(embedded: np.ndarray, new: NewSpecies) -> float:
    """Macro-F1 of a ridge classifier on standardised axes, on images of species never seen.

    Parameters
    ----------
    embedded : array, shape (N, k)
        By a method fitted without the test images.
    new : NewSpecies

    Returns
    -------
    float
        Mean over the classes that are tested.
    """
    known = ~new.test & (new.classes != "")
    asked = new.test & (new.classes != "")
    model = make_pipeline(
        StandardScaler(),
        RidgeClassifier(alpha=PENALTY * int(known.sum()), class_weight="balanced"),
    )
    model.fit(embedded[known], new.classes[known])
    wanted = new.classes[asked]
    said = model.predict(embedded[asked])
    return float(f1_score(wanted, said, labels=np.unique(wanted), average="macro", zero_division=0))


def cluster_scores(embedded: np.ndarray, data: BenchData, seed: int) -> dict[str, Any]:
    """Cluster images of species never seen; ARI and NMI with each rank, beside permuted labels.

    k-means, as many clusters as the rank has classes among the images.

    Parameters
    ----------
    embedded : array, shape (N, k)
        By a method fitted without the test images.
    data : BenchData
    seed : int

    Returns
    -------
    dict
        By rank: ``ari``, ``nmi``, ``nmi_permuted`` (mean over permuted labels; that of the ARI is
        zero by definition), ``n_classes``.
    """
    new = data.new_species
    assert new is not None
    found: dict[str, Any] = {}
    for rank in ranks_of(data.labels, new.unit):
        classes = data.labels[rank].fillna("").to_numpy(dtype=str)
        rows = new.test & (classes != "")
        wanted = classes[rows]
        k = len(np.unique(wanted))
        if not 1 < k < len(wanted):
            continue
        rng = stream(seed, "paradigms.clusters")
        state = int(rng.integers(2**31))
        with warnings.catch_warnings():
            # An embedding may have fewer places than the rank has classes: its score says so.
            warnings.simplefilter("ignore", ConvergenceWarning)
            own = KMeans(k, n_init=STARTS, random_state=state).fit_predict(embedded[rows])
        permuted = [
            normalized_mutual_info_score(rng.permutation(wanted), own) for _ in range(PERMUTED)
        ]
        found[rank] = {
            "ari": float(adjusted_rand_score(wanted, own)),
            "nmi": float(normalized_mutual_info_score(wanted, own)),
            "nmi_permuted": float(np.mean(permuted)),
            "n_classes": k,
        }
    return found
