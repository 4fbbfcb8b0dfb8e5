"""Heads of all ranks, in a row or side by side, towards one class or towards all by distance."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from phylolens.paradigms.data import BenchData, ranks_of
from phylolens.paradigms.material import Material
from phylolens.paradigms.method import Method, Sees
from phylolens.paradigms.rank_places import RankPlaces, contradictions

QUICK, FULL = 200, 1000  # steps
WORDS = {
    "sequential": "Species to subclass, each rank reads the finer one (Hofmann et al. 2024)",
    "parallel": "A head a rank on a shared layer (Hofmann et al. 2024)",
}


def _lineage(material: Material) -> pd.DataFrame:
    """Ranks of each taxon, coarse to fine."""
    ranks = ranks_of(material.labels, material.rank)
    known = material.labels.dropna(subset=[material.rank])
    return known[ranks].drop_duplicates(material.rank).set_index(material.rank, drop=False)


def _fit(material: Material, kind: str, soft: bool) -> RankPlaces:
    steps = QUICK if material.quick else FULL
    return RankPlaces(kind, _lineage(material), soft=soft, steps=steps, seed=material.seed)


def _more(material: Material, data: BenchData, kind: str, soft: bool) -> Mapping[str, float | None]:
    return contradictions(material, data, _fit(material, kind, soft))


def _method(kind: str, soft: bool) -> Method:
    sees: Sees = "tree" if soft else "labels"
    target = ", relatives sharing in the target by distance." if soft else "."
    return Method(
        name=f"{kind}-softmax-distance" if soft else kind,
        cell="hierarchical/heads",
        fit=partial(_fit, kind=kind, soft=soft),
        sees=sees,
        about=WORDS[kind] + target,
        packages=("torch",),
        extra="torch",
        cost="moderate",
        more=partial(_more, kind=kind, soft=soft),
    )


METHODS = tuple(_method(kind, soft) for soft in (False, True) for kind in WORDS)
