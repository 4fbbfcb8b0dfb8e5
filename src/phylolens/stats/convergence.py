"""Pairs that contradict the tree: far relatives that look similar, near ones that look different.

Every pair of taxa that can be convergent or divergent (:mod:`phylolens.stats.pair_candidates`) is
held against Brownian motion simulated on the tree with the fitted lambda
(:mod:`phylolens.stats.brownian_pairs`). Divergence is judged by directions from a common centre
(:mod:`phylolens.stats.unit_length`): where some clades merely vary more than others, all relatives
of a variable clade would look apart. Convergence, judged by distances, has to show in directions,
too (at 5%): else taxa of even clades would seem to converge. What is compared is the
cube root of squared distance over its expectation; for convergence after the two taxa's own
effects, so that a taxon unlike, or like, everything is not convergent with each. Effects do not add
up without end, though: two taxa that are each odd in a way of their own are nearer to each other
than the sum of their oddness. So a pair is convergent only if it looks more alike than the middle
one of all far pairs, too.

One event makes many extreme pairs: what comes to resemble a taxon resembles its relatives too. A
pair that a stronger one explains keeps its p-value, but the q-value counts only what it adds.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.random import stream
from phylolens.results.signal_parts import Disagreement
from phylolens.stats.brownian_pairs import (
    Evolved,
    differences,
    drawn_squares,
    fitted,
    rates_of_axes,
)
from phylolens.stats.confound_pairs import adjusted_by_group, compare_sources
from phylolens.stats.debiased import VisualDistances
from phylolens.stats.lambda_fit import LambdaModel, aligned, centred_products, count_axes
from phylolens.stats.pair_candidates import Candidates, PairNull, candidates
from phylolens.stats.unit_length import directions, noisy_squares
from phylolens.writing import plain

LISTED = 20  # at least the most extreme of each kind
MOST_LISTED = 200  # of each kind
TIE = 1e-6  # relatives as near as each other, up to the rounding of branch lengths
MOST_VALUES = 20_000_000  # simulated pairs held in memory
FEWEST_SIMULATIONS = 40
COLUMNS = (
    "kind", "taxon_1", "taxon_2", "visual", "genetic", "expected", "ratio", "p_value", "q_value",
    "significant", "clade_1", "clade_2", "explained_by", "same_source", "other_source",
)  # fmt: skip


def disagreement(
    visual: VisualDistances | DistanceMatrix,
    covariance: pd.DataFrame,
    *,
    clades: pd.Series | None = None,
    genetic: DistanceMatrix | None = None,
    sources: pd.DataFrame | None = None,
    simulations: int = 500,
    fdr: float = 0.05,
    seed: int = 0,
) -> tuple[pd.DataFrame, Disagreement]:
    """Find pairs that look more alike, or more apart, than their relatedness explains.

    Parameters
    ----------
    visual : VisualDistances or DistanceMatrix
        n taxa, at least five. Squared distances without sampling noise are used where known; the
        noise is in the simulations, too.
    covariance : DataFrame, shape (n, n)
        Of the same taxa under Brownian motion (:func:`phylolens.phylogeny.covariance`).
    clades : Series of str, optional
        The next coarser taxon of every taxon, by name; missing where unknown.
    genetic : DistanceMatrix, optional
        Distances to choose and list pairs by; the path lengths of ``covariance`` by default.
    sources : DataFrame of str, optional
        Index: taxa; one column a confound, missing where unknown. Far relatives of one source and
        near ones of two are judged apart from the others and not counted among them.
    simulations : int
        At least three. Fewer are drawn, never less than 40, when 20 million simulated pairs do.
    fdr : float
        Share of false ones allowed among the significant pairs of a kind (Benjamini & Hochberg
        1995, J. R. Stat. Soc. B 57:289).
    seed : int
        Of the simulations.

    Returns
    -------
    pairs : DataFrame
        Columns as in ``pairs.csv``: ``visual`` is the distance without sampling noise, ``ratio``
        that distance (of divergence, that of directions) over what the fitted model expects,
        ``expected`` the distance that would make it 1, ``explained_by`` the stronger pair that
        accounts for this one, ``same_source`` and ``other_source`` the confounds in which both
        taxa agree and differ. Of each kind first the significant pairs, then the most extreme
        others.
    summary : Disagreement
        ``lambda``, ``n_simulations``, ``fdr``, ``n_pairs``, ``n_candidates``, ``n_convergent``,
        ``n_divergent``, beside them ``n_convergent_same_source`` and
        ``n_divergent_other_source``, ``n_listed``, ``axes`` (effective number of independent axes)
        and ``width`` (spread of the observed bulk over the simulated one, at least 1).

    Raises
    ------
    TooFew
        Below five taxa.
    InputError
        If taxa differ or a matrix cannot be used.
    """
    _require(simulations, fdr)
    if isinstance(visual, DistanceMatrix):
        visual = VisualDistances.of_matrix(visual)
    seen, shared = aligned(visual, covariance)
    taxa = np.array(sorted(visual.ids), dtype=object)
    clade = _clades_of(taxa, clades)
    apart = differences(shared) if genetic is None else _same(genetic, taxa)
    kinds = candidates(apart, clade)
    model = LambdaModel(shared).with_noise(seen.noise)
    best = model.fit(model.of_squares(seen.squares))
    axes = count_axes(centred_products(seen.squares))
    rates = rates_of_axes(model, model.measured(seen), best, axes)
    convergence, divergence = kinds
    views = ((convergence, False), (divergence, True), (convergence, True))
    nulls = _simulations(views, model, shared, best.lambda_, rates, seen.noise, simulations, seed)
    noisy = noisy_squares(seen)
    found = [_seen(model, shared, noisy, seen.squares, by_direction=by) for _, by in views]
    references = [
        PairNull(kind.values(own), null)
        for (kind, _), own, null in zip(views, found, nulls, strict=True)
    ]
    by_direction = references[2].p_values(convergence.values(found[2]))
    tables = [
        _judged(convergence, found[0], references[0], by_direction, fdr, taxa, sources),
        _judged(divergence, found[1], references[1], None, fdr, taxa, sources),
    ]
    listed = _listed(tables)
    one, two = (np.searchsorted(taxa, listed[name]) for name in ("taxon_1", "taxon_2"))
    listed = listed.assign(genetic=apart[one, two], clade_1=clade[one], clade_2=clade[two])
    listed["visual"] = seen.matrix.data[one, two]
    listed["expected"] = listed["visual"] / listed["ratio"].where(listed["ratio"] > 0)
    real = [table["suspect"][table["significant"]] for table in tables]
    convergent, divergent = (int((~suspect).sum()) for suspect in real)
    summary = {
        "lambda": best.lambda_,
        "n_simulations": len(nulls[0]),
        "fdr": fdr,
        "n_pairs": len(taxa) * (len(taxa) - 1) // 2,
        "n_candidates": {kind.kind: len(kind.pairs) for kind in kinds},
        "n_convergent": convergent,
        "n_convergent_same_source": int(real[0].sum()),
        "n_divergent": divergent,
        "n_divergent_other_source": int(real[1].sum()),
        "n_listed": len(listed),
        "axes": float(rates.sum() ** 2 / (rates @ rates)),
        "width": {k.kind: ref.width for k, ref in zip(kinds, references[:2], strict=True)},
    }
    return listed[list(COLUMNS)], Disagreement.model_validate(plain(summary))


def _simulations(
    views: Sequence[tuple[Candidates, bool]],
    model: LambdaModel,
    shared: np.ndarray,
    lambda_: float,
    rates: np.ndarray,
    noise: np.ndarray,
    wanted: int,
    seed: int,
) -> list[np.ndarray]:
    """Return the values of pairs in simulated worlds, one row a world, for each view of them."""
    room = MOST_VALUES // max(sum(len(kind.pairs) for kind, _ in views), 1)
    count = max(min(wanted, room), min(wanted, FEWEST_SIMULATIONS))
    nulls = [np.empty((count, len(kind.pairs)), dtype=np.float32) for kind, _ in views]
    for k in range(count):
        rng = stream(seed, "stats.simulated_pairs", k)
        plain, debiased = drawn_squares(model, lambda_, rates, rng, noise)
        worlds = {
            by: _seen(model, shared, plain, debiased, by_direction=by) for by in (False, True)
        }
        for (kind, by), null in zip(views, nulls, strict=True):
            null[k] = kind.values(worlds[by])
    return nulls


def _seen(
    model: LambdaModel,
    shared: np.ndarray,
    plain: np.ndarray,
    debiased: np.ndarray,
    *,
    by_direction: bool,
) -> Evolved:
    """Fit the model to the squared distances by which pairs are judged."""
    if by_direction:
        squares, model = 2 - 2 * directions(plain), model.with_noise(np.zeros(len(plain)))
        return fitted(model, shared, squares)
    return fitted(model, shared, debiased)


def _require(simulations: int, fdr: float) -> None:
    if simulations < 3:
        raise InputError(f"at least three simulations are needed; got {simulations}.")
    if not 0 < fdr < 1:
        raise InputError(f"a false-discovery rate lies between 0 and 1; got {fdr}.")


def _clades_of(taxa: np.ndarray, clades: pd.Series | None) -> np.ndarray:
    """Return the clade of every taxon, blank where unknown."""
    if clades is None:
        return np.full(len(taxa), "", dtype=object)
    if clades.index.has_duplicates:
        raise InputError(
            "every taxon has one clade.", ids=list(clades.index[clades.index.duplicated()])
        )
    return clades.reindex(taxa).fillna("").astype(str).to_numpy(dtype=object)


def _same(genetic: DistanceMatrix, taxa: np.ndarray) -> np.ndarray:
    differ = sorted(set(genetic.ids) ^ set(taxa))
    if differ:
        raise InputError("visual and genetic distances hold different taxa.", ids=differ)
    return genetic.filter(list(taxa)).data


def _judged(
    kind: Candidates,
    found: Evolved,
    reference: PairNull,
    by_direction: np.ndarray | None,
    fdr: float,
    taxa: np.ndarray,
    sources: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return a row for every candidate pair, with p- and q-values."""
    names = taxa[kind.pairs]
    same, other = compare_sources(names, sources)
    suspect = np.array([bool(columns) for columns in (same if kind.sign > 0 else other)], bool)
    roots = found.roots(kind.pairs)
    level = kind.level(roots)
    p = reference.p_values(kind.sign * (roots - level))
    if by_direction is not None:
        # Taxa of little variance are near each other whatever they look like: both have to hold.
        p = np.maximum(p, by_direction)
    given, by = _explained(
        kind, found, reference, level, np.where(kind.possible(roots), p, 1.0), fdr
    )
    q = adjusted_by_group(given, suspect)
    i, j = kind.pairs.T
    visual = np.sqrt(np.maximum(found.squares[i, j], 0.0))
    expected = np.sqrt(level.clip(0) ** 3 * found.expected[i, j])
    return pd.DataFrame(
        {
            "kind": kind.kind,
            "taxon_1": names[:, 0],
            "taxon_2": names[:, 1],
            "visual": visual,
            "expected": expected,
            "ratio": visual / np.where(expected > 0, expected, np.nan),
            "p_value": p,
            "q_value": q,
            "significant": q <= fdr,
            "explained_by": [f"{names[b][0]} × {names[b][1]}" if b >= 0 else "" for b in by],
            "same_source": same,
            "other_source": other,
            "suspect": suspect,
        }
    )


def _explained(
    kind: Candidates,
    found: Evolved,
    reference: PairNull,
    level: np.ndarray,
    p: np.ndarray,
    fdr: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Judge every extreme pair again, given the stronger ones.

    Strongest ratio first; a pair that stays extreme given all stronger ones can explain others.

    Returns
    -------
    p : array, shape (m,)
        The larger of a pair's p-value and that given the pairs which explain it.
    by : int array, shape (m,)
        The pair that explains most, or -1.
    """
    given, by = p.copy(), np.full(len(p), -1)
    if not len(p):
        return given, by
    limit = p[false_discovery_control(p) <= fdr].max(initial=0.0)
    roots, leads = found.roots(kind.pairs), np.empty(0, dtype=int)
    legs = _legs(kind, found)
    order = np.argsort(kind.sign * roots / level, kind="stable")
    for row in order[p[order] <= limit]:
        own = float(level[row] ** 3 * found.expected[tuple(kind.pairs[row])])
        path = _path(kind, found, legs, kind.pairs[row], kind.pairs[leads], own)
        new = kind.sign * (roots[row] * np.cbrt(own / path) - level[row])
        again = reference.p_values(new, np.full(len(leads), row))
        if len(again) and again.max() > p[row]:
            given[row], by[row] = again.max(), leads[again.argmax()]
        if given[row] <= limit:
            by[row] = -1
            leads = np.append(leads, row)
    return given, by


def _legs(kind: Candidates, found: Evolved) -> np.ndarray:
    """Return the squares between relatives that :func:`_path` adds up: as seen, or as expected.

    Convergence: relatives may look alike, and then share their likeness to others; that far
    relatives look alike would be a finding of its own.
    """
    if kind.kind == "divergence":
        return found.expected
    legs = np.minimum(found.squares, found.expected)
    i, j = kind.pairs.T
    legs[i, j] = legs[j, i] = found.expected[i, j]
    return legs


def _path(
    kind: Candidates,
    found: Evolved,
    legs: np.ndarray,
    pair: np.ndarray,
    stronger: np.ndarray,
    own: float,
) -> np.ndarray:
    """Return the square expected between a pair's taxa, given each of the stronger pairs.

    When i looks like j, a relative k of i is expected to be from j as far as k is from i and i from
    j together: squares add along k, i, j, l (independent steps). When i looks unlike its relative
    j, the same holds for a pair of their relatives, if the steps to them are no longer than the two
    pairs and do not look longer than the pair itself (else it is j that is odd, not i). Where a
    stronger pair has nothing to say, the pair's own expectation is returned.
    """
    (k, m), (i, j) = pair, stronger.T
    steps = np.array([[legs[k, i], legs[j, m]], [legs[k, j], legs[i, m]]])
    seen = found.squares
    if kind.kind == "divergence":
        bound = np.maximum(found.expected[k, m], found.expected[i, j]) * (1 + TIE)
        looks = np.array([[seen[k, i], seen[j, m]], [seen[k, j], seen[i, m]]])
        steps[(steps > bound) | (looks >= seen[k, m])] = np.inf
    path = steps.sum(axis=1).min(axis=0) + seen[i, j]
    speaks = (path < own) if kind.kind == "convergence" else (path > own) & np.isfinite(path)
    return np.where(speaks, path, own)


def _listed(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Keep the significant pairs of each kind, then the most extreme others; suspects last."""
    parts = []
    for table in tables:
        for group in (table[~table["suspect"]], table[table["suspect"]]):
            first = group[group["significant"]].sort_values(["q_value", "p_value"], kind="stable")
            others = group[~group["significant"]].sort_values("p_value", kind="stable")
            parts += [first.head(MOST_LISTED), others.head(LISTED)]
    return pd.concat(parts, ignore_index=True)
