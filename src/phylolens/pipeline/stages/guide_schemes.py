"""Schemes of sampling images around what a data set has, without those that come to the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from phylolens.guided.recipes import GuideRecipe
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.guide_data import plan_of
from phylolens.provenance import text_hash

DRAWS = 10  # of each scheme that leaves images to chance
EVERY = "every image"


@dataclass(frozen=True)
class Scheme:
    """One scheme of sampling: the run's recipe with other sizes.

    Parameters
    ----------
    name, note : str
    recipe : GuideRecipe
    copies : bool
        Whether altered copies of images may be added.
    beside : str
        A scheme without what is special of this one, to compare with; it may be absent.
    same : tuple of str
        Names of schemes that come to the same.
    """

    name: str
    note: str
    recipe: GuideRecipe
    copies: bool = True
    beside: str = ""
    same: tuple[str, ...] = ()


def sampling_schemes(context: RunContext, recipe: GuideRecipe) -> list[tuple[Scheme, int]]:
    """List sampling schemes, each with the number of draws that it takes to judge it.

    Schemes that take the same images in every draw are one; those that leave nothing to chance are
    drawn once. The first takes every image.
    """
    found: dict[tuple[str, ...], Scheme] = {}
    for scheme in _schemes(context, recipe):
        marks = tuple(text_hash(sorted(drawn_plan(context, scheme, k)["id"])) for k in range(DRAWS))
        first = found.get(marks)
        same = () if first is None else (*first.same, scheme.name, *scheme.same)
        found[marks] = scheme if first is None else replace(first, same=tuple(dict.fromkeys(same)))
    return [(scheme, DRAWS if len(set(marks)) > 1 else 1) for marks, scheme in found.items()]


def drawn_plan(context: RunContext, scheme: Scheme, draw: int) -> pd.DataFrame:
    """Plan the images of one draw; draw 0 is that of a run with the scheme's settings."""
    plan = plan_of(context, scheme.recipe, draw=draw)
    return plan if scheme.copies else plan[plan["copy"] == 0]


def _schemes(context: RunContext, recipe: GuideRecipe) -> Iterator[Scheme]:
    """Name sampling schemes, around the median number of images a taxon."""
    plain = replace(recipe, per_taxon=0, sample_down_to=0)
    plan = plan_of(context, plain)
    counts = plan["label"].value_counts()
    median = int(np.median(counts))
    few = {max(2, int(np.quantile(counts, 0.25))), max(2, median // 2), max(2, median)}
    made_of = _finer_taxa(context, plan)
    yield Scheme(EVERY, "", plain)
    for n in sorted({1, *few, recipe.sample_down_to or 1}):
        at_random = f"at most {n} a taxon, at random"
        down = f"sampled down to {n}"
        told = bool((made_of["several"] & (made_of["images"] > n)).any())
        if told and n > 1:
            note = f"at most {n} a taxon; no genus or species lost"
            yield Scheme(down, note, replace(plain, sample_down_to=n), beside=at_random)
        same = () if told else (down,)
        yield Scheme(at_random, "", replace(plain, per_taxon=n), copies=False, same=same)
    more = {2 * median} if context.images.can_alter else set()
    for n in sorted({median, *more, recipe.per_taxon or median}):
        note = f"{n} a taxon: drawn at random, altered copies where there are fewer"
        scheme = replace(plain, per_taxon=n)
        yield Scheme(f"balanced at {n}", note, scheme, beside=f"at most {n} a taxon, at random")
    if recipe.per_taxon and recipe.sample_down_to:
        name = f"sampled down to {recipe.sample_down_to}, balanced at {recipe.per_taxon}"
        yield Scheme(name, "as in this run", recipe)


def _finer_taxa(context: RunContext, plan: pd.DataFrame) -> pd.DataFrame:
    """Count the ``images`` of each taxon, and say whether they show ``several`` finer taxa."""
    ranks, table = context.dataset.ranks, context.dataset.table.set_index("file")
    finer = list(ranks[ranks.index(context.dataset.rank) + 1 :])
    shown = table.loc[plan["file"], finer].fillna("").assign(taxon=plan["label"].to_numpy())
    images = shown["taxon"].value_counts()
    different = shown.drop_duplicates()["taxon"].value_counts()
    return pd.DataFrame({"images": images, "several": different > 1})
