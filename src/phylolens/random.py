"""Named random streams: everything random is drawn from one of these, and from nothing else.

A stream is known by what it is for. Its number is part of the seed, so that two parts of a study
never draw the same values by accident; where a stream has none, the seed alone is used, as results
made before the streams had names were. Changing a number changes results.
"""

from collections.abc import Sequence

import numpy as np

Seed = int | np.random.Generator

STREAMS: dict[str, tuple[int, ...]] = {
    "classification.assessment": (),
    "classification.confidence.bootstrap": (),
    "classification.confidence.chance": (),
    "classification.few_shot": (),
    "classification.finetune": (1,),
    "classification.folds": (),
    "classification.guessing": (),
    "classification.heads.choice": (),
    "classification.heads.folds": (),
    "classification.heads.hgnn": (),
    "classification.heads.kernel_svm": (),
    "classification.heads.tuned_forest": (),
    "classification.importance": (),
    "classification.heads.ranks": (),
    "classification.intervals": (),
    "classification.novelty": (),
    "classification.ranking": (),
    "classification.sources": (),
    "embedding.copies": (),
    "guided.attention": (),
    "guided.finetune": (2,),
    "guided.metric.components": (0,),
    "guided.metric.batches": (1,),
    "guided.permutations": (),
    "guided.skill_scale": (),
    "guided.triplets": (1,),
    "paradigms.claims.flips": (2,),
    "paradigms.claims.groups": (3,),
    "paradigms.claims.images": (4,),
    "paradigms.claims.lengths": (5,),
    "paradigms.claims.maps": (6,),
    "paradigms.claims.merges": (7,),
    "paradigms.claims.noise": (8,),
    "paradigms.claims.seeds": (9,),
    "paradigms.clusters": (1,),
    "paradigms.few_shot": (9,),
    "paradigms.generative": (2,),
    "paradigms.graph": (10,),
    "paradigms.heads": (8,),
    "paradigms.kmeans": (3,),
    "paradigms.pca": (4,),
    "paradigms.picking": (20,),
    "paradigms.preferences": (21,),
    "paradigms.ranks": (12,),
    "paradigms.self_supervised": (1,),
    "paradigms.self_supervised.components": (2,),
    "paradigms.species": (),
    "paradigms.spectral": (5,),
    "paradigms.towers": (11,),
    "paradigms.tsne": (6,),
    "paradigms.umap": (7,),
    "placement.clades": (1,),
    "placement.flips": (),
    "simulation.barcodes": (2,),
    "simulation.features": (),
    "simulation.grain": (),
    "simulation.sensor": (1,),
    "simulation.world": (),
    "specimens.folds": (),
    "specimens.resample": (),
    "specimens.split": (),
    "stats.audit.noise": (2,),
    "stats.audit.nearly": (3,),
    "stats.audit.listings": (4,),
    "stats.jackknife_groups": (1,),
    "stats.model_intervals": (5,),
    "stats.permutations": (),
    "stats.simulated_pairs": (),
    "stats.specimens": (2,),
    "stats.trees.quartets": (4,),
    "stats.trees.random": (2,),
}


def stream(seed: int | Sequence[int], name: str, *place: int) -> np.random.Generator:
    """Return the random numbers of one purpose.

    Parameters
    ----------
    seed : int or sequence of int
        Of the study.
    name : str
        Of :data:`STREAMS`.
    place : int
        Which of several draws for that purpose: of a fold, a copy, a repetition.

    Returns
    -------
    numpy.random.Generator
        The same one each time.

    Raises
    ------
    KeyError
        If there is no such stream.

    Examples
    --------
    >>> from phylolens.random import stream
    >>> int(stream(0, "stats.permutations").integers(100))
    85
    >>> int(stream(0, "stats.specimens").integers(100))
    97
    """
    parts = [seed] if isinstance(seed, int | np.integer) else list(seed)
    return np.random.default_rng([*parts, *STREAMS[name], *place])


def as_seed(seed: Seed) -> int:
    """Return a seed as a number: of a generator, one that it draws.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        A generator gives another number each time it is used.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens.random import as_seed
    >>> as_seed(7), as_seed(np.random.default_rng(0)) == as_seed(np.random.default_rng(0))
    (7, True)
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**32))
    return int(seed)
