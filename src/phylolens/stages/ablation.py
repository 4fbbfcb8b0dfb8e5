"""What each choice of features and heads adds, one after the other, on the same splits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from phylolens.classify.blend import RankBlend
from phylolens.classify.evaluate import evaluate
from phylolens.classify.heads import fit_head, make_head, probabilities
from phylolens.classify.heads.shrunken_lda import ShrunkenLda
from phylolens.classify.heads.steps import STEPS
from phylolens.classify.lineage import TaxonTree
from phylolens.classify.recipes import ClassifyRecipe
from phylolens.classify.transform import with_steps
from phylolens.errors import TooFew
from phylolens.pictures import Pictures
from phylolens.stages.bench import Bench
from phylolens.stages.trust import answer_ranks
from phylolens.values import Features

SHRINKAGE = 0.6
SELECTED = 500  # features kept by importance, where there are more


@dataclass(frozen=True)
class _Step:
    """One choice on top of those before: settings of the features, transforms, kind of head."""

    name: str
    what: str
    settings: dict[str, Any]
    steps: tuple[str, ...]
    way: str = "independent"


def ablation(bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]) -> dict[str, Any]:
    """Score each choice on the recipe's splits; every row has all the choices above it.

    Returns
    -------
    dict
        ``ablation``: rows with ``step``, ``what``, ``n_features``, ``scores`` by rank on the
        first split and ``left_out`` by rank on the second, where there is one. The row ``select``
        stands alone: the rows after it do without it.
    """
    splits = _splits(bench, recipe, ranks)
    rows = []
    plan = list(_plan(bench))
    for number, step in enumerate(plan):
        bench.progress("ablation", number, len(plan))
        features = _features(bench, step)
        found = [_scored(step, features, *parts, bench, ranks) for parts in splits]
        rows.append(
            {
                "step": step.name,
                "what": step.what,
                "n_features": int(features.matrix.shape[1]),
                "scores": found[0],
                **({"left_out": found[1]} if len(found) > 1 else {}),
            }
        )
    bench.progress("ablation", len(plan), len(plan))
    return {"ablation": rows}


def _splits(
    bench: Bench, recipe: ClassifyRecipe, ranks: Sequence[str]
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Training and test rows of the first two splits."""
    from phylolens.stages.classify import divide

    rows = bench.material.table.set_index("file", drop=False)
    found: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for name in recipe.splits[:2]:
        try:
            split = divide(bench, recipe, ranks, name, bench.study.seed)
        except TooFew:
            if not found:
                raise
            continue
        found.append((rows.loc[list(split.train)], rows.loc[list(split.test)]))
    return found


def _plan(bench: Bench) -> Iterator[_Step]:
    """List the choices in order, those of the features as the study has them."""
    study = bench.study
    names = [name.strip() for name in study.backbone.split(",")]
    bare: dict[str, Any] = {"backbone": names[0], "layers": (), "flips": False}
    if not bench.pictures.can_alter:
        names, bare = names[:1], {}
    first = f"last layer of {names[0]}" if bare else "features as given"
    yield _Step("base", f"{first}, discriminant analysis, a head a rank", bare, ())
    yield _Step("root", "signed square root", bare, ("root",))
    yield _Step("unit", "centred, scaled to unit length", bare, ("root", "centre", "unit"))
    now, steps = bare, ("root", "centre", "unit")
    if bare and study.layers:
        now = now | {"layers": study.layers}
        yield _Step("layers", f"layers {', '.join(study.layers)} joined", now, steps)
    if bare and len(names) > 1:
        now = now | {"backbone": study.backbone}
        yield _Step("backbones", f"{', '.join(names[1:])} joined", now, steps)
    if bare and study.flips:
        now = now | {"flips": True}
        yield _Step("flips", "averaged with the mirror image", now, steps)
    yield _Step(
        "select", f"best {SELECTED} features by importance", now, (*steps, f"select:{SELECTED}")
    )
    yield _Step("pca", f"principal components ({STEPS[-1]})", now, STEPS)
    yield _Step("summed", "one head on the finest taxa, summed up", now, STEPS, "summed")
    yield _Step("blended", "blended with heads of the ranks (default)", now, STEPS, "blended")


def _features(bench: Bench, step: _Step) -> Features:
    """Features of the originals with a step's settings."""
    if not step.settings:
        return bench.pictures.originals
    study = bench.study.model_copy(update=step.settings)
    return Pictures(study, bench.material, bench.progress).originals


def _scored(
    step: _Step,
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    bench: Bench,
    ranks: Sequence[str],
) -> dict[str, dict[str, float]]:
    answer = _independent if step.way == "independent" else _over_ranks
    answers = answer(step, features, train, test, bench, ranks)
    scores = {}
    for rank, (rows, given) in answers.items():
        found = evaluate(rows[rank].to_numpy(str), given)
        scores[rank] = {name: found[name] for name in ("accuracy", "macro_f1")}
    return scores


_Answers = dict[str, tuple[pd.DataFrame, np.ndarray]]


def _independent(
    step: _Step,
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    bench: Bench,
    ranks: Sequence[str],
) -> _Answers:
    answers = {}
    for rank in ranks:
        seen, asked = train.dropna(subset=[rank]), test.dropna(subset=[rank])
        if seen[rank].nunique() < 2 or not len(asked):
            continue
        lda = ShrunkenLda(SHRINKAGE, scaled=False, seed=bench.study.seed)
        head = with_steps(step.steps, lda, bench.study.seed, features.spec.get("blocks"))
        fit_head(head, _matrix(features, seen), seen[rank].to_numpy(str))
        found = probabilities(head, _matrix(features, asked))
        answers[rank] = asked, head.classes_[found.argmax(axis=1)]
    return answers


def _over_ranks(
    step: _Step,
    features: Features,
    train: pd.DataFrame,
    test: pd.DataFrame,
    bench: Bench,
    ranks: Sequence[str],
) -> _Answers:
    tree = TaxonTree.of(train, answer_ranks(train, bench.material.ranks))
    train = train[tree.node_of(train) >= 0]
    labels = np.array([tree.name(node) for node in tree.node_of(train)])
    head = make_head("default", bench.study.seed, blocks=features.spec.get("blocks"))
    groups = train["specimen_id"].to_numpy(str)
    blend = RankBlend.fit(head, tree, _matrix(features, train), labels, groups)
    answers = {}
    for rank in (rank for rank in ranks if rank in tree.ranks):
        asked = test.dropna(subset=[rank])
        rows = _matrix(features, asked)
        found = blend.summed(rows) if step.way == "summed" else blend.marginals(rows)
        answers[rank] = asked, blend.at_rank(found, rank)[0]
    return answers


def _matrix(features: Features, rows: pd.DataFrame) -> np.ndarray:
    return features.take([str(name) for name in rows.index]).matrix
