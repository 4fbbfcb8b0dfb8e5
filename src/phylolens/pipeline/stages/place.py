"""Place unknown specimens on the study's tree; write ``place/``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.guided.recipes import GUIDE_RECIPES
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.stages.guide_data import lineage_of, plan_of, sample_of
from phylolens.pipeline.stages.place_files import write_placements
from phylolens.pipeline.stages.place_unknowns import Unknowns, unknowns_of
from phylolens.pipeline.summaries import place_summary
from phylolens.placement import Branches, Placed, TreePlacer
from phylolens.placement.answers import answers_of
from phylolens.placement.evidence import squares
from phylolens.placement.posterior import clade_nodes
from phylolens.placement.reference import Reference
from phylolens.placement.scores import scores_by_depth
from phylolens.placement.verdict import LEVEL, VERDICTS
from phylolens.results.placement import BEST, NEAREST, RANDOM, PlacementResult
from phylolens.writing import write_csv

SPECIMENS = 3  # of the reference, most alike an unknown


def place(context: RunContext) -> dict[str, Any]:
    """Place the unknowns, and taxa left out; write ``place/``."""
    settings, own = context.settings, context.settings.place
    require_depth(context)
    reference, files, root = _reference(context)
    unknowns = unknowns_of(context, root=root)
    images = None if unknowns is None else int(np.median(unknowns.sample.sizes))
    placer = TreePlacer(own.method, images=images, certainty=own.certainty, seed=settings.seed)
    placer.fit_reference(reference, progress=context.progress)
    placed = None
    if unknowns is not None:
        placed = placer.place_sample(unknowns.sample, depth=own.depth, age=own.age)
    result = _result(context, placer, placed, unknowns, files)
    result.write(settings.out)
    write_placements(settings.out / "place", placer, placed, result)
    paths = {} if unknowns is None else unknowns.paths
    table = pd.DataFrame({"file": list(paths), "path": list(paths.values())})
    write_csv(settings.out / "place" / "unknowns.csv", table)
    return place_summary(result)


def _reference(context: RunContext) -> tuple[Reference, tuple[str, ...], bool]:
    """Taxa with images and a tip, the files of their images, and whether features are rooted."""
    ranked = context.dataset.ranked
    assert ranked is not None
    lineage = lineage_of(context)
    plan = plan_of(context, GUIDE_RECIPES["default"])
    features = context.images.of_plan(plan[["file", "copy"]], "")
    sample, root = sample_of(context, plan, features, tuple(lineage.index))
    reference = Reference.of(sample, Branches.of(ranked.tree), lineage)
    return reference, reference.sample.ids, root


def _result(
    context: RunContext,
    placer: TreePlacer,
    placed: Placed | None,
    unknowns: Unknowns | None,
    files: Sequence[str],
) -> PlacementResult:
    settings, dataset = context.settings, context.dataset
    scores = scores_by_depth(placer.assessed_, settings.seed)
    finest = next(iter(scores), None)
    answers = []
    if placed is not None and unknowns is not None:
        answers = answers_of(
            placed,
            unknowns.files,
            _alike(placer, unknowns, files),
            _same_content(unknowns, dataset.table),
        )
    verdicts = Counter(one.verdict for one in answers)
    rules = placer.rules_
    return PlacementResult.of(
        {
            "method": placer.method_,
            "asked": settings.place.method,
            "rank": dataset.rank,
            "n_queries": len(answers),
            "depth": settings.place.depth,
            "tree": _tree_facts(context, placer.observer_.reference),
            "leave_one_out": scores[finest][placer.method].to_dict() if finest else None,
            "by_depth": {
                depth: {name: one.to_dict() for name, one in methods.items()}
                for depth, methods in scores.items()
            },
            "baselines": {
                key: scores[finest][name].median_patristic_error
                for key, name in (
                    ("nearest_family", NEAREST),
                    ("random", RANDOM),
                    ("best", BEST),
                )
            }
            if finest
            else {},
            "rules": {
                depth: {"gain": rules.gains[depth], "p_value": p, "helps": p <= LEVEL}
                for depth, p in rules.p_values.items()
            },
            "thresholds": rules.thresholds,
            "certainty": rules.certainty,
            "verdicts": {name: verdicts[name] for name in VERDICTS},
            "unknowns": [one.to_dict() for one in answers],
            "not_usable": {} if unknowns is None else unknowns.not_usable,
            "seed": settings.seed,
        }
    )


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


def _alike(placer: TreePlacer, unknowns: Unknowns, files: Sequence[str]) -> list[tuple[str, ...]]:
    """Find the reference files whose traits are nearest to each unknown's mean."""
    observer = placer.observer_
    rows = observer.traits.of(observer.reference.sample.matrix())
    apart = squares(observer.traits.of(unknowns.sample.means), rows)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :SPECIMENS]
    return [tuple(files[place] for place in row) for row in nearest]


def _same_content(unknowns: Unknowns, table: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    """Find reference files with the content of an unknown's."""
    if "sha256" not in table or not unknowns.hashes:
        return {}
    known = table.groupby("sha256")["file"].agg(list).to_dict()
    found = {}
    for name, own in unknowns.files.items():
        same = [file for one in own for file in known.get(unknowns.hashes.get(one, ""), [])]
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
