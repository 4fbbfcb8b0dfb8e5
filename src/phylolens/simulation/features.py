"""A world without images: features that evolved on a given phylogeny."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skbio import DistanceMatrix, TreeNode

from phylolens.errors import InputError, require_file
from phylolens.phylogeny import read_phylogeny
from phylolens.random import stream
from phylolens.simulation.brownian import brownian, centred_covariance, patristic_distances
from phylolens.specimens import read_table
from phylolens.values import Features
from phylolens.writing import plain, replacing, write_csv, write_json


def simulate_features(
    phylogeny: TreeNode | DistanceMatrix,
    *,
    per_taxon: int = 20,
    n_features: int = 256,
    lambda_: float = 1.0,
    signal: float = 1.0,
    within_sd: float = 0.5,
    nonnegative: bool = False,
    rank: str = "taxon",
    seed: int = 0,
) -> tuple[Features, pd.DataFrame]:
    """Draw specimens' features that evolved by Brownian motion.

    Taxon means have variance 1 on average: in a share ``signal`` of the dimensions with the
    covariance :func:`phylolens.simulation.brownian.centred_covariance` of the phylogeny, in the
    others independent between taxa. Specimens scatter around them.

    Parameters
    ----------
    phylogeny : skbio.TreeNode or skbio.DistanceMatrix
        A tree, or patristic distances; at least 2 taxa.
    per_taxon : int
        Specimens a taxon.
    n_features : int
        Dimensions.
    lambda_ : float
        Pagel's lambda, 0 to 1.
    signal : float
        Share of the dimensions that follow the phylogeny, 0 to 1. At 0 taxa differ, but not as
        the phylogeny says.
    within_sd : float
        Standard deviation of specimens around their taxon.
    nonnegative : bool
        Pass the features through a softplus, like activations of a network.
    rank : str
        Name of the taxon column.
    seed : int
        Seed of all draws.

    Returns
    -------
    features : Features
        Ids ``taxon/001``; ``spec`` holds the parameters and ``clipped``, the share of the
        covariance's spectrum that was negative because distances were not additive.
    meta : pandas.DataFrame
        Columns ``file`` (the ids), ``rank`` and ``specimen_id``.

    Raises
    ------
    InputError
        Naming the parameter and what it may be, or the phylogeny's unusable names.
    """
    _check(per_taxon, n_features, lambda_, signal, within_sd, rank, seed)
    names, distances = patristic_distances(phylogeny)
    _check_phylogeny(names, distances)
    covariance, clipped = centred_covariance(distances, lambda_)
    rng = stream(seed, "simulation.features")
    n_signal = round(signal * n_features)
    means = np.concatenate(
        [
            brownian(covariance, n_signal, rng),
            rng.standard_normal((len(names), n_features - n_signal)),
        ],
        axis=1,
    )
    scatter = rng.standard_normal((len(names), per_taxon, n_features)) * within_sd
    matrix = (means[:, None, :] + scatter).reshape(-1, n_features)
    if nonnegative:
        matrix = np.logaddexp(0, matrix)
    ids = [f"{name}/{place + 1:03d}" for name in names for place in range(per_taxon)]
    spec = {
        "kind": "simulated features",
        "per_taxon": per_taxon,
        "n_features": n_features,
        "lambda": lambda_,
        "signal": signal,
        "n_signal": n_signal,
        "within_sd": within_sd,
        "nonnegative": nonnegative,
        "rank": rank,
        "seed": seed,
        "clipped": clipped,
        "taxa": names,
        "covariance": "-JDJ/2 of the patristic distances, mean diagonal 1; "
        "off-diagonal distances lambda * d + (1 - lambda) * max(d)",
    }
    meta = pd.DataFrame({"file": ids, rank: np.repeat(names, per_taxon), "specimen_id": ids})
    return Features(tuple(ids), matrix, spec), meta


def write_features(features: Features, meta: pd.DataFrame, out: Path) -> None:
    """Write ``features.parquet``, ``meta.csv`` and ``truth.json`` into the folder ``out``.

    Raises
    ------
    InputError
        If ``out`` holds the truth of another world.
    """
    out = Path(out)
    truth = plain(features.spec)
    path = out / "truth.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != truth:
        raise InputError(
            "the folder holds another world.",
            where=out,
            hint="Give an empty folder, or remove this one.",
        )
    columns = [f"f{place}" for place in range(features.matrix.shape[1])]
    table = pd.DataFrame(features.matrix, columns=columns)
    table.insert(0, "file", list(features.ids))
    write_json(path, truth)
    with replacing(out / "features.parquet") as temporary:
        table.to_parquet(temporary, index=False)
    write_csv(out / "meta.csv", meta)


def _check(
    per_taxon: int,
    n_features: int,
    lambda_: float,
    signal: float,
    within_sd: float,
    rank: str,
    seed: int,
) -> None:
    """Refuse parameters outside their range."""
    rules = (
        ("per_taxon", per_taxon, per_taxon >= 1, "at least 1"),
        ("n_features", n_features, n_features >= 1, "at least 1"),
        ("lambda_", lambda_, 0 <= lambda_ <= 1, "0 to 1"),
        ("signal", signal, 0 <= signal <= 1, "0 to 1"),
        ("within_sd", within_sd, 0 <= within_sd < np.inf, "0 or more"),
        ("seed", seed, seed >= 0, "0 or more"),
        ("rank", rank, rank not in ("", "file", "specimen_id"), "a column name of its own"),
    )
    for name, value, allowed, words in rules:
        if not allowed:
            raise InputError(f"expected {words}; got {value!r}.", where=name)


def _check_phylogeny(names: list[str], distances: np.ndarray) -> None:
    """Refuse phylogenies without two distinct, differing taxa."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError("taxa must have different names.", where="phylogeny", ids=repeated)
    if len(names) < 2 or not np.isfinite(distances).all() or distances.max() <= 0:
        raise InputError(
            "expected at least 2 taxa with finite distances, not all 0.", where="phylogeny"
        )


def features_world(
    out: Path,
    *,
    tree: Path | None = None,
    distances: Path | None = None,
    taxa: Path | None = None,
    taxonomy: Path | None = None,
    rank: str = "family",
    seed: int = 0,
    **knobs: Any,
) -> dict[str, Any]:
    """Read a phylogeny, simulate features on it, write the world into ``out``.

    Parameters
    ----------
    tree, distances : Path, optional
        The phylogeny; one of the two.
    taxa : Path, optional
        Names to use, one a line; all tips by default.
    taxonomy : Path, optional
        Table with a column ``rank`` and coarser ranks, joined to ``meta.csv`` by name.
    knobs
        Of :func:`simulate_features`.

    Raises
    ------
    InputError
        If a file is missing, a name of ``taxa`` is no tip, or the taxonomy lacks the column.
    """
    phylogeny = read_phylogeny(tree=tree, distances=distances)
    names, patristic = patristic_distances(phylogeny)
    matrix = DistanceMatrix(patristic, names)
    if taxa is not None:
        require_file(taxa, "Give an existing file to --taxa.")
        wanted = [line.strip() for line in taxa.read_text(encoding="utf-8").splitlines()]
        wanted = [name for name in wanted if name]
        absent = sorted(set(wanted) - set(names))
        if absent:
            raise InputError("names that are no tips of the phylogeny.", where=taxa, ids=absent)
        matrix = matrix.filter(wanted)
    features, meta = simulate_features(matrix, rank=rank, seed=seed, **knobs)
    if taxonomy is not None:
        known = read_table(taxonomy)
        if rank not in known:
            raise InputError(f"no column '{rank}'.", where=taxonomy)
        meta = meta.merge(known.drop_duplicates(rank), on=rank, how="left", validate="m:1")
    write_features(features, meta, out)
    return {"out": str(out), "n_taxa": len(matrix.ids), "n_rows": len(features)}
