"""Encoders trained on episodes of known taxa, and how well they name taxa never seen from a few."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.guided.learners.base import Learner
from phylolens.guided.learners.inputs import head_places, reduced, standardised
from phylolens.guided.sample import Sample
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material
from phylolens.paradigms.tree_free import OfLabels
from phylolens.random import stream

COMPONENTS, DIMENSIONS, HIDDEN, RELATION = 128, 64, 128, 32
WAYS, SHOTS, ASKED = 15, 2, 2  # taxa of an episode, their images shown, and asked for
TRIALS, TRIAL_WAYS, TRIAL_SHOTS = 40, 5, (1, 5)  # of the accuracy, in each fold


class Episodic(OfLabels):
    """An encoder trained to name images of taxa from a few of each.

    Features are brought to principal components; the encoder is a linear map with a hidden layer
    beside it, and starts as the map to the largest components.

    Parameters
    ----------
    method : {'prototypes', 'matching-network', 'relation-network', 'maml'}
    episodes : int
    rate : float
        Step of AdamW.
    seed : int
    """

    def __init__(
        self, method: str = "prototypes", *, episodes: int = 100, rate: float = 1e-3, seed: int = 0
    ) -> None:
        self.method, self.episodes, self.rate, self.seed = method, episodes, rate, seed

    def learn(self, sample: Sample) -> None:
        """Train on episodes of the sample's taxa.

        Raises
        ------
        InputError
            If fewer than two taxa have two images.
        """
        from phylolens.embedding.threads import one_thread
        from phylolens.guided.learners.metric_head import first_weights
        from phylolens.paradigms.episodes import train_episodes

        rng = stream(self.seed, "paradigms.few_shot")
        self._map = reduced(sample, COMPONENTS, rng)
        rows = self._map(sample.matrix())
        width = rows.shape[1]
        first = first_weights(width, min(DIMENSIONS, width), HIDDEN, rng)
        if self.method == "relation-network":
            first |= _relation_weights(first["linear"].shape[1], rng)
        draw = _drawer(sample, rng)
        with one_thread():
            self.weights_ = train_episodes(
                self.method, rows, draw, first, episodes=self.episodes, rate=self.rate
            )

    def transform(self, matrix: np.ndarray) -> np.ndarray:
        """Embed images by their features, shape (N, d) to (N, k)."""
        return head_places(self._map(matrix), self.weights_)

    @property
    def trained_parameters(self) -> int:
        """Of the encoder, and of the network that relates."""
        return sum(int(one.size) for one in self.weights_.values())


def _relation_weights(width: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    found = {
        "relation_in": rng.normal(0, np.sqrt(1 / width), (2 * width, RELATION)),
        "relation_bias": np.zeros(RELATION),
        "relation_out": rng.normal(0, np.sqrt(1 / RELATION), (RELATION, 1)),
    }
    return {name: value.astype(np.float32) for name, value in found.items()}


def _drawer(
    sample: Sample, rng: np.random.Generator
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Draw episodes from taxa that have two images; those with fewer than asked repeat some."""
    codes = sample.codes
    rows = [np.flatnonzero(codes == taxon) for taxon in range(len(sample))]
    rows = [own for own in rows if len(own) > 1]
    if len(rows) < 2:
        raise InputError("episodes need two taxa with two images.", ids=sample.taxa)
    ways = min(WAYS, len(rows))

    def draw() -> tuple[np.ndarray, np.ndarray]:
        support, queries = [], []
        for taxon in rng.permutation(len(rows))[:ways]:
            own = rng.permutation(rows[taxon])
            shown = max(1, min(SHOTS, len(own) - 1))
            support.append(np.resize(own[:shown], SHOTS))
            queries.append(np.resize(own[shown:], ASKED))
        return np.stack(support), np.stack(queries)

    return draw


def few_shot_accuracy(
    material: Material, data: BenchData, fit: Callable[[Material], Learner]
) -> Mapping[str, float | None]:
    """Name images of taxa never seen, of up to five, from one and from five images of each.

    The nearest mean of the embedding answers, beside the nearest mean of the features themselves.
    No specimen is both shown and asked for.

    Parameters
    ----------
    material, data
        Of the bench.
    fit : callable
        Gives the unfitted learner.

    Returns
    -------
    dict
        ``accuracy_1_shot``, ``accuracy_5_shot``, the same ``_features``, and ``chance``; None where
        no fold has two taxa with enough specimens.
    """
    rng = stream(material.seed, "paradigms.few_shot", 1)
    scores: dict[str, list[float]] = {}
    specimens = pd.factorize(data.labels["specimen_id"].loc[list(data.sample.ids)])[0]
    for fold in np.unique(data.folds):
        out, kept = np.flatnonzero(data.folds == fold), np.flatnonzero(data.folds != fold)
        training = data.sample.take(kept)
        learner = fit(material).fit(training, data.genetic[np.ix_(kept, kept)], data.folds[kept])
        matrix = data.sample.matrix()
        places = {"": learner.transform(matrix), "_features": standardised(training)(matrix)}
        for shots in TRIAL_SHOTS:
            for trial in _trials(data.sample.codes, specimens, out, shots, rng):
                for name, embedded in places.items():
                    key = f"accuracy_{shots}_shot{name}"
                    scores.setdefault(key, []).append(_right(embedded, *trial))
                if shots == TRIAL_SHOTS[0]:
                    scores.setdefault("chance", []).append(1 / len(trial[0]))
    keys = [f"accuracy_{shots}_shot{name}" for shots in TRIAL_SHOTS for name in ("", "_features")]
    return {
        key: float(np.mean(scores[key])) if key in scores else None for key in (*keys, "chance")
    }


def _trials(
    codes: np.ndarray,
    specimens: np.ndarray,
    out: np.ndarray,
    shots: int,
    rng: np.random.Generator,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows shown (ways, shots), rows asked for, and which taxon those are of."""
    rows = {taxon: np.flatnonzero(codes == taxon) for taxon in out}
    rich = [taxon for taxon in out if len(np.unique(specimens[rows[taxon]])) > shots]
    if len(rich) < 2:
        return []
    found = []
    for _ in range(TRIALS):
        shown, asked, wanted = [], [], []
        for place, taxon in enumerate(rng.permutation(rich)[:TRIAL_WAYS]):
            own = rng.permutation(rows[taxon])
            _, first = np.unique(specimens[own], return_index=True)
            own = own[np.sort(first)]  # one image a specimen
            shown.append(own[:shots])
            asked.append(own[shots])
            wanted.append(place)
        found.append((np.stack(shown), np.array(asked), np.array(wanted)))
    return found


def _right(embedded: np.ndarray, shown: np.ndarray, asked: np.ndarray, wanted: np.ndarray) -> float:
    centres = embedded[shown].mean(axis=1)
    apart = ((embedded[asked][:, None] - centres[None]) ** 2).sum(axis=2)
    return float((apart.argmin(axis=1) == wanted).mean())
