"""``phylolens check``."""

from phylolens.cli import _options as o
from phylolens.cli._console import run_and_show


def command(
    images: o.Images = None,
    meta: o.Meta = None,
    pattern: o.Pattern = None,
    ranks: o.Ranks = None,
    tree: o.Tree = None,
    distances: o.Distances = None,
    features: o.FeatureFile = None,
    rank: o.Rank = None,
    skip_bad: o.SkipBad = False,
    seed: o.Seed = 0,
    out: o.Out = o.OUT,
    json: o.Json = False,
) -> None:
    """Read images, labels and phylogeny; say what is wrong and which names match."""
    from phylolens.study import make_study

    study = make_study(
        o.given(
            images=images,
            meta=meta,
            pattern=pattern,
            ranks=o.names(ranks),
            tree=tree,
            distances=distances,
            features=features,
            rank=rank,
            skip_bad=skip_bad,
            seed=seed,
            out=out,
        ),
        where="options",
    )
    run_and_show(study, ("check",), json=json)
