"""Place unknown specimens on the study's tree; write ``place/``."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phylolens.embedding.feature_file import without_rows
from phylolens.errors import InputError
from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.guide_data import lineage_of, plan_of, sample_of
from phylolens.pipeline.stages.place_files import write_placements
from phylolens.pipeline.stages.place_unknowns import (
    Source,
    Unknowns,
    gather_unknowns,
    without_taxon,
)
from phylolens.pipeline.summaries import place_summary
from phylolens.placement import Branches, TreePlacer
from phylolens.placement.answers import answers_of
from phylolens.placement.evidence import squares
from phylolens.placement.model_file import save_placer
from phylolens.placement.posterior import clade_nodes
from phylolens.placement.reference import Reference
from phylolens.placement.scores import scores_by_depth
from phylolens.placement.verdict import LEVEL, VERDICTS
from phylolens.results.placement import BEST, NEAREST, RANDOM, PlacedUnknown, PlacementResult
from phylolens.writing import write_csv

SPECIMENS = 3  # of the reference, most alike an unknown


def place(context: RunContext) -> dict[str, Any]:
    """Place the unknowns, and taxa left out; write ``place/``."""
    settings, own = context.settings, context.settings.place
    require_depth(context)
    reference, root = _reference(context)
    originals = context.images.originals
    unknowns = gather_unknowns(
        Source(
            settings.unknowns,
            originals.spec,
            originals.matrix.shape[1],
            root,
            context.images.can_alter,
        ),
        settings.out,
        without_taxon(context),
        weights=settings.weights,
        device=settings.device,
        progress=context.progress,
    )
    images = None if unknowns is None else int(np.median(unknowns.sample.sizes))
    placer = TreePlacer(own.method, images=images, certainty=own.certainty, seed=settings.seed)
    placer.fit_reference(reference, progress=context.progress)
    placer.n_features_in_, placer.square_rooted_ = originals.matrix.shape[1], root
    card = _card(context, placer)
    save_placer(
        placer,
        without_rows(originals.spec),
        card,
        settings.out / "place" / "model",
        of_images=context.images.can_alter,
    )
    table = context.dataset.table
    known = dict(zip(table["file"], table["sha256"], strict=True)) if "sha256" in table else {}
    return place_with(placer, card, unknowns, known, settings.out, depth=own.depth, age=own.age)


def place_with(
    placer: TreePlacer,
    card: Mapping[str, Any],
    unknowns: Unknowns | None,
    known: Mapping[str, str],
    out: Path,
    *,
    depth: str | None,
    age: float | None,
) -> dict[str, Any]:
    """Place unknowns with a fitted placer; write ``place/``.

    Parameters
    ----------
    placer : TreePlacer
    card : mapping
        Of ``place.json``, without unknowns.
    unknowns : Unknowns or None
    known : mapping of str to str
        SHA-256 of the content of reference files.
    out : Path
        Results directory.
    depth : str, optional
        Rank said to be new.
    age : float, optional
        Of the unknowns.
    """
    answers: list[PlacedUnknown] = []
    placed = None
    if unknowns is not None:
        placed = placer.place_sample(unknowns.sample, depth=depth, age=age)
        answers = answers_of(
            placed, unknowns.files, _alike(placer, unknowns), _same_content(unknowns, known)
        )
    verdicts = Counter(one.verdict for one in answers)
    result = PlacementResult.of(
        dict(card)
        | {
            "n_queries": len(answers),
            "depth": depth,
            "verdicts": {name: verdicts[name] for name in VERDICTS},
            "unknowns": [one.to_dict() for one in answers],
            "not_usable": {} if unknowns is None else unknowns.not_usable,
        }
    )
    result.write(out)
    write_placements(out / "place", placer, placed, result)
    paths = {} if unknowns is None else unknowns.paths
    table = pd.DataFrame({"file": list(paths), "path": list(paths.values())})
    write_csv(out / "place" / "unknowns.csv", table)
    return place_summary(result)


def _reference(context: RunContext) -> tuple[Reference, bool]:
    """Taxa with images and a tip, and whether features are rooted."""
    ranked = context.dataset.ranked
    assert ranked is not None
    lineage = lineage_of(context)
    plan = plan_of(context, GUIDE_RECIPES["default"])
    features = context.images.of_plan(plan[["file", "copy"]], "")
    sample, root = sample_of(context, plan, features, tuple(lineage.index))
    return Reference.of(sample, Branches.of(ranked.tree), lineage), root


def _card(context: RunContext, placer: TreePlacer) -> dict[str, Any]:
    """Say what was assessed, by the keys of ``place.json``."""
    settings, rules = context.settings, placer.rules_
    scores = scores_by_depth(placer.assessed_, settings.seed)
    finest = next(iter(scores), None)
    names = (("nearest_family", NEAREST), ("random", RANDOM), ("best", BEST))
    return {
        "method": placer.method_,
        "asked": settings.place.method,
        "rank": context.dataset.rank,
        "tree": _tree_facts(context, placer.observer_.reference),
        "leave_one_out": scores[finest][placer.method].to_dict() if finest else None,
        "by_depth": {
            depth: {name: one.to_dict() for name, one in methods.items()}
            for depth, methods in scores.items()
        },
        "baselines": {key: scores[finest][name].median_patristic_error for key, name in names}
        if finest
        else {},
        "rules": {
            depth: {"gain": rules.gains[depth], "p_value": p, "helps": p <= LEVEL}
            for depth, p in rules.p_values.items()
        },
        "thresholds": rules.thresholds,
        "certainty": rules.certainty,
        "seed": settings.seed,
    }


def _tree_facts(context: RunContext, reference: Reference) -> dict[str, Any]:
    ranked, tree = context.dataset.ranked, reference.branches
    assert ranked is not None
    named = clade_nodes(reference)
    lost = [
        f"{rank} {name}"
        for rank in reference.ranks
        for name in sorted(reference.lineage[rank].dropna().unique())
        if name not in named.get(rank, {})
    ]
    return {
        "n_taxa": len(reference),
        "n_branches": len(tree),
        "height": tree.height,
        "ultrametric": tree.ultrametric,
        "rooted": ranked.rooted,
        "n_polytomies": int((tree.children > 2).sum()),
        "not_named": lost,
    }


def _alike(placer: TreePlacer, unknowns: Unknowns) -> list[tuple[str, ...]]:
    """Find the reference files whose traits are nearest to each unknown's mean."""
    observer = placer.observer_
    sample = observer.reference.sample
    apart = squares(observer.traits.of(unknowns.sample.means), observer.traits.of(sample.matrix()))
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :SPECIMENS]
    return [tuple(sample.ids[place] for place in row) for row in nearest]


def _same_content(unknowns: Unknowns, known: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Find reference files with the content of an unknown's."""
    by_hash: dict[str, list[str]] = {}
    for file, digest in known.items():
        by_hash.setdefault(digest, []).append(file)
    found = {}
    for name, own in unknowns.files.items():
        same = [file for one in own for file in by_hash.get(unknowns.hashes.get(one, ""), [])]
        if same:
            found[name] = tuple(same)
    return found


def require_depth(context: RunContext) -> None:
    """Refuse a depth that is no rank of the study."""
    depth = context.settings.place.depth
    if depth is not None and depth not in context.dataset.ranks:
        raise InputError(
            f"no rank '{depth}'.",
            where="--depth",
            hint=f"There are: {', '.join(context.dataset.ranks)}.",
        )
