"""Which images a world holds: how many a species, of which specimens, from which collections."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.simulation.spec import WorldSpec
from phylolens.simulation.tree import RANKS, NamedTree

ZIPF_POWER = 1.6  # of family sizes at full imbalance
FEWEST_IMAGES = 3


def image_counts(families: Sequence[str], spec: WorldSpec, rng: np.random.Generator) -> np.ndarray:
    """Return how many images each species gets.

    Parameters
    ----------
    families : sequence of str
        The family of every species.
    spec : WorldSpec
        The knobs ``images_per_species`` and ``imbalance``.
    rng : numpy.random.Generator
        Draws which families are common.

    Returns
    -------
    array of int
        Sums to species times ``images_per_species``. Species of the family at place k of a
        random order get a share proportional to ``k ** -(1.6 * imbalance)``.
    """
    names = sorted(set(families))
    place = dict(zip(rng.permutation(names), range(1, len(names) + 1), strict=True))
    weight = np.array([place[name] ** -(ZIPF_POWER * spec.imbalance) for name in families])
    fewest = min(FEWEST_IMAGES, spec.images_per_species)
    spare = (spec.images_per_species - fewest) * len(families)
    exact = spare * weight / weight.sum()
    counts = np.floor(exact + 1e-9).astype(int)
    left = spare - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:left]] += 1
    return counts + fewest


def image_table(named: NamedTree, spec: WorldSpec, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row an image: file, specimen, lineage, collection, valve, style.

    ``style`` is the collection whose way of photographing was used, or -1 for a random one.
    """
    lineages = list(named.lineages.values())
    counts = image_counts([lineage[RANKS.index("family")] for lineage in lineages], spec, rng)
    orders = sorted({lineage[RANKS.index("order")] for lineage in lineages})
    rows: list[dict[str, object]] = []
    specimen, first = -1, 0
    for lineage, count in zip(lineages, counts, strict=True):
        epithet = lineage[-1].split("_")[1]
        for number in range(count):
            if number % spec.views_per_specimen == 0:
                specimen, first = specimen + 1, int(rng.integers(2))
            source, style = int(rng.integers(spec.n_sources)), -1
            if rng.random() < spec.source_confound:
                source = style = orders.index(lineage[RANKS.index("order")]) % spec.n_sources
            stem = "_".join([*lineage[:-1], epithet, f"{number + 1:03d}"])
            row: dict[str, object] = {"file": f"images/{stem}.jpg"}
            row["specimen_id"] = f"specimen-{specimen + 1:05d}"
            row |= dict(zip(RANKS, lineage, strict=True))
            row["source"] = f"collection-{source + 1}"
            row["view"] = ("left", "right")[(first + number) % 2]
            rows.append(row | {"style": style})
    return pd.DataFrame(rows)


def convergent_pairs(
    named: NamedTree, number: int, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """Draw ``number`` pairs of species from different orders, no species twice.

    Raises
    ------
    InputError
        If the tree's orders are too uneven for that many pairs.
    """
    order = {name: lineage[RANKS.index("order")] for name, lineage in named.lineages.items()}
    free = [str(name) for name in rng.permutation(list(order))]
    pairs: list[tuple[str, str]] = []
    for _ in range(number):
        sizes = pd.Series([order[name] for name in free]).value_counts(sort=True)
        others = [name for name in free if len(sizes) and order[name] != sizes.index[0]]
        if not others:
            raise InputError(
                f"expected at most {len(pairs)} pairs in this tree; got {number}.",
                where="convergent_pairs",
                hint="Its orders are uneven: ask for fewer pairs, more orders, or another seed.",
            )
        second = others[0]
        first = next(name for name in free if order[name] != order[second])
        pairs.append((first, second))
        free = [name for name in free if name not in (first, second)]
    return pairs
