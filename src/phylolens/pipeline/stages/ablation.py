"""What each choice of features and heads adds, one after the other, on the same splits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from phylolens.classification.blend import RankBlend
from phylolens.classification.evaluate import two_scores
from phylolens.classification.heads import fit_head, make_head, probabilities
from phylolens.classification.heads.shrunken_lda import ShrunkenLda
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.transform import HEAD_STEPS, with_steps
from phylolens.errors import TooFew
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.image_features import ImageFeatures
from phylolens.pipeline.stages.classify_split import answer_ranks, split_by
from phylolens.results.checks import AblationStep, Scores
from phylolens.values import Features

SHRINKAGE = 0.6
SELECTED = 500  # features kept by importance, where there are more


@dataclass(frozen=True)
class _Step:
    """One choice on top of those before: settings of the features, transforms, kind of head."""

    name: str
    what: str
    options: dict[str, Any]
    steps: tuple[str, ...]
    scheme: str = "independent"


def ablation(context: RunContext, ranks: Sequence[str]) -> list[AblationStep]:
    """Score each choice on the first two splits; every row has all the choices above it.

    The row ``select`` stands alone: the rows after it do without it.
    """
    cases = _cases(context, ranks)
    rows = []
    plan = list(_plan(context))
    for number, step in enumerate(plan):
        context.progress("ablation", number, len(plan))
        features = _features(context, step)
        found = [case.score(step, features) for case in cases]
        rows.append(
            AblationStep(
                step=step.name,
                what=step.what,
                n_features=int(features.matrix.shape[1]),
                scores=found[0],
                **({"left_out": found[1]} if len(found) > 1 else {}),
            )
        )
    context.progress("ablation", len(plan), len(plan))
    return rows


def _cases(context: RunContext, ranks: Sequence[str]) -> "list[_Case]":
    """Training and test rows of the first two splits."""
    rows = context.dataset.table.set_index("file", drop=False)
    found: list[_Case] = []
    for name in context.settings.classify.splits[:2]:
        try:
            split = split_by(context, ranks, name, context.settings.seed)
        except TooFew:
            if not found:
                raise
            continue
        train, test = rows.loc[list(split.train)], rows.loc[list(split.test)]
        found.append(_Case(context, ranks, train, test))
    return found


def _plan(context: RunContext) -> Iterator[_Step]:
    """List the choices in order, those of the features as the study has them."""
    settings = context.settings
    names = [name.strip() for name in settings.backbone.split(",")]
    bare: dict[str, Any] = {"backbone": names[0], "layers": (), "flips": False}
    if not context.images.can_alter:
        names, bare = names[:1], {}
    first = f"last layer of {names[0]}" if bare else "features as given"
    yield _Step("base", f"{first}, discriminant analysis, a head a rank", bare, ())
    yield _Step("root", "signed square root", bare, ("root",))
    yield _Step("unit", "centred, scaled to unit length", bare, ("root", "centre", "unit"))
    now, steps = bare, ("root", "centre", "unit")
    if bare and settings.layers:
        now = now | {"layers": settings.layers}
        yield _Step("layers", f"layers {', '.join(settings.layers)} joined", now, steps)
    if bare and len(names) > 1:
        now = now | {"backbone": settings.backbone}
        yield _Step("backbones", f"{', '.join(names[1:])} joined", now, steps)
    if bare and settings.flips:
        now = now | {"flips": True}
        yield _Step("flips", "averaged with the mirror image", now, steps)
    yield _Step(
        "select", f"best {SELECTED} features by importance", now, (*steps, f"select:{SELECTED}")
    )
    yield _Step("pca", f"principal components ({HEAD_STEPS[-1]})", now, HEAD_STEPS)
    yield _Step("summed", "one head on the finest taxa, summed up", now, HEAD_STEPS, "summed")
    yield _Step("blended", "blended with heads of the ranks (default)", now, HEAD_STEPS, "blended")


def _features(context: RunContext, step: _Step) -> Features:
    """Features of the originals with a step's settings."""
    if not step.options:
        return context.images.originals
    settings = context.settings.model_copy(update=step.options)
    return ImageFeatures(settings, context.dataset, context.progress).originals


_Answers = dict[str, tuple[pd.DataFrame, np.ndarray]]


@dataclass
class _Case:
    """Training and test rows of one split; the blend is fitted once for all its schemes."""

    context: RunContext
    ranks: Sequence[str]
    train: pd.DataFrame
    test: pd.DataFrame
    _blend: RankBlend | None = None

    def score(self, step: _Step, features: Features) -> dict[str, Scores]:
        """Accuracy and macro-F1 of a step by rank."""
        answer = self._independent if step.scheme == "independent" else self._over_ranks
        return {
            rank: two_scores(rows[rank].to_numpy(str), given)
            for rank, (rows, given) in answer(step, features).items()
        }

    def _independent(self, step: _Step, features: Features) -> _Answers:
        answers, seed = {}, self.context.settings.seed
        for rank in self.ranks:
            known, tested = self.train.dropna(subset=[rank]), self.test.dropna(subset=[rank])
            if known[rank].nunique() < 2 or not len(tested):
                continue
            lda = ShrunkenLda(SHRINKAGE, scaled=False, seed=seed)
            head = with_steps(step.steps, lda, seed, features.spec.get("blocks"))
            fit_head(head, _matrix(features, known), known[rank].to_numpy(str))
            found = probabilities(head, _matrix(features, tested))
            answers[rank] = tested, head.classes_[found.argmax(axis=1)]
        return answers

    def _over_ranks(self, step: _Step, features: Features) -> _Answers:
        """Answer with the blend; the steps that use it have the same features."""
        if self._blend is None:
            self._blend = self._fitted(features)
        blend, answers = self._blend, {}
        for rank in (rank for rank in self.ranks if rank in blend.tree.ranks):
            tested = self.test.dropna(subset=[rank])
            rows = _matrix(features, tested)
            found = blend.summed(rows) if step.scheme == "summed" else blend.marginals(rows)
            answers[rank] = tested, blend.at_rank(found, rank)[0]
        return answers

    def _fitted(self, features: Features) -> RankBlend:
        tree = TaxonTree.of(self.train, answer_ranks(self.train, self.context.dataset.ranks))
        train = self.train[tree.node_of(self.train) >= 0]
        labels = np.array([tree.name(node) for node in tree.node_of(train)])
        head = make_head("default", self.context.settings.seed, blocks=features.spec.get("blocks"))
        groups = train["specimen_id"].to_numpy(str)
        return RankBlend.fit(head, tree, _matrix(features, train), labels, groups)


def _matrix(features: Features, rows: pd.DataFrame) -> np.ndarray:
    return features.take([str(name) for name in rows.index]).matrix
