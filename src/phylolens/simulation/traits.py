"""The shell traits, how a latent normal value becomes a trait value, and which images are made.

Every trait evolves as a latent number with variance 1 at the tips. A monotone map turns it into
the trait's range: through the normal distribution function, so that unrelated species fill the
range evenly, then, for traits many clades lack (ribs, auricles, patterns), through a threshold
below which the trait is absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from phylolens.errors import InputError
from phylolens.simulation.spec import WorldSpec
from phylolens.simulation.tree import RANKS, NamedTree

ZIPF_POWER = 1.6  # of family sizes at full imbalance
FEWEST_IMAGES = 3


@dataclass(frozen=True)
class Trait:
    """One trait and its range.

    Parameters
    ----------
    name, meaning : str
        Column name, and what it is, with its unit.
    low, high : float
        Range of the trait.
    absent : float
        Share of unrelated species that lack the trait (and take ``low``).
    bend : float
        Above 1, low values are commoner than high ones.
    ratio : bool
        Whether the range is filled evenly in the logarithm.
    plasticity : float
        How much specimens of one species differ in it, relative to other traits: whether a shell
        has ears is the species' affair, how rough it grew is the specimen's.
    """

    name: str
    meaning: str
    low: float
    high: float
    absent: float = 0.0
    bend: float = 1.0
    ratio: bool = False
    plasticity: float = 1.0

    def value(self, latent: np.ndarray) -> np.ndarray:
        """Return trait values of ``latent`` ones: monotone, within ``[low, high]``."""
        share = np.clip((ndtr(latent) - self.absent) / (1 - self.absent), 0, 1) ** self.bend
        if self.ratio:
            return self.low * (self.high / self.low) ** share
        return self.low + (self.high - self.low) * share


TRAITS: tuple[Trait, ...] = (
    Trait("elongation", "length over height", 0.78, 4.2, bend=2.6, ratio=True, plasticity=0.7),
    Trait(
        "umbo_position",
        "umbo from mid-length, of the half-length; <0 anterior",
        -0.62,
        0.04,
        plasticity=0.7,
    ),
    Trait(
        "obliquity",
        "shear of the disc towards the posterior",
        0.0,
        0.55,
        absent=0.3,
        plasticity=0.7,
    ),
    Trait("dorsal_roundness", "superellipse power of the dorsal margin", 1.2, 2.5),
    Trait("dorsal_depth", "height of the umbo above the widest level, of the height", 0.34, 0.58),
    Trait(
        "posterior_shape",
        "power of the posterior end: <2 pointed, >2 truncated",
        1.35,
        4.0,
        plasticity=0.7,
    ),
    Trait("ventral_roundness", "power of the ventral margin", 1.85, 2.7),
    Trait(
        "auricle",
        "size of the ears; 0 none, 1 scallop-like",
        0.0,
        1.0,
        absent=0.72,
        bend=0.4,
        plasticity=0.0,
    ),
    Trait("inflation", "height of the dome over the mean diameter", 0.16, 0.42),
    Trait("coiling", "turn of the growth spiral, rad per e-fold of size", 0.0, 0.2),
    Trait("irregularity", "unevenness of the margin, oyster-like at 1", 0.0, 1.0, absent=0.7),
    Trait("rib_number", "radial ribs along the margin", 14, 44, ratio=True, plasticity=0.7),
    Trait(
        "rib_strength",
        "relief of the radial ribs; 0 smooth",
        0.0,
        1.0,
        absent=0.42,
        bend=0.7,
        plasticity=0.5,
    ),
    Trait("growth_line_number", "growth lines from beak to margin", 14, 46, ratio=True),
    Trait("growth_line_strength", "relief of the growth lines", 0.12, 1.0, bend=1.6),
    Trait(
        "fold_strength", "relief of regular commarginal folds", 0.0, 1.0, absent=0.6, plasticity=0.5
    ),
    Trait("gloss", "strength of the highlight", 0.02, 0.4, bend=1.4),
    Trait("hue", "place on the pigment scale: slate, violet, rose, orange, tan, olive", 0.0, 1.0),
    Trait("saturation", "strength of the colour", 0.25, 0.95),
    Trait("lightness", "lightness of the ground colour", 0.3, 0.9),
    Trait("rays", "weight of radial colour rays", 0.0, 1.0, absent=0.55, plasticity=0.6),
    Trait("bands", "weight of concentric colour bands", 0.0, 1.0, absent=0.45, plasticity=0.6),
    Trait("tents", "weight of zigzag (tent) lines", 0.0, 1.0, absent=0.65, plasticity=0.3),
    Trait("pattern_contrast", "darkness of the pattern's pigment", 0.25, 0.9),
    Trait("pattern_number", "colour rays or tents along the margin", 4, 13, ratio=True),
)


TRAIT_NAMES: tuple[str, ...] = tuple(trait.name for trait in TRAITS)


def trait_values(latent: np.ndarray) -> np.ndarray:
    """Map latent values to trait values, column by column.

    Parameters
    ----------
    latent : array, shape (n, len(TRAITS))
        Latent values, standard normal for unrelated species.

    Returns
    -------
    array, shape (n, len(TRAITS))
        Trait values in the order of ``TRAITS``.
    """
    latent = np.asarray(latent, dtype=float)
    columns = [trait.value(latent[..., place]) for place, trait in enumerate(TRAITS)]
    return np.stack(columns, axis=-1)


def named_traits(values: np.ndarray) -> Mapping[str, float]:
    """Return one row of :func:`trait_values` as a mapping from trait name to value."""
    return {name: float(value) for name, value in zip(TRAIT_NAMES, values, strict=True)}


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
