"""What a calibrated back-off keeps of its promise, overall and for taxa the model never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from phylolens.classification.conformal import along, cut_path, units_needed
from phylolens.classification.intervals import wilson
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.strata import default_mix, mix_weights
from phylolens.errors import InputError
from phylolens.results.calibration import Conformal, Guarantee, Stratum


@dataclass(frozen=True)
class Tested:
    """A model's probabilities for specimens it was not calibrated on, beside the truth.

    Parameters
    ----------
    marginals : array, shape (n, m)
        Probability of every node of the tree.
    path : array of int, shape (n, ranks)
        From :func:`phylolens.classification.conformal.walk`.
    truth : array of int, shape (n,)
        Finest true node in the tree, -1 for none.
    strata : array of str, shape (n,)
        From :func:`phylolens.classification.strata.strata`; rows with ``no label`` are left out.
    specimens : array of str, shape (n,)
        Several images of one specimen count as one.
    depth : array of int, shape (n,), optional
        :meth:`TaxonTree.depth_of` the labels: what is finer is not judged.
    values : mapping of str to array, shape (n, ranks)
        What each guarantee holds against its threshold; the probabilities where it is not there.
    units : array of str, shape (n,), optional
        From :func:`~phylolens.classification.strata.units_of`: the unknown taxon of rows of
        unknown strata.
    """

    __test__ = False  # not a pytest class

    marginals: np.ndarray
    path: np.ndarray
    truth: np.ndarray
    strata: np.ndarray
    specimens: np.ndarray
    depth: np.ndarray | None = None
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    units: np.ndarray | None = None

    def __post_init__(self) -> None:
        parts = (self.marginals, self.path, self.truth, self.strata, self.specimens)
        if len({len(part) for part in parts}) > 1:
            raise InputError(f"one row an image is needed; got {[len(part) for part in parts]}.")


@dataclass(frozen=True)
class Each:
    """What the guarantee ``each`` promises.

    Parameters
    ----------
    alpha_unknown : float
        Accepted share of wrong answers in each stratum of ``promised``.
    promised : sequence of str
        Unknown strata.
    """

    alpha_unknown: float
    promised: Sequence[str]


def conformal_summary(
    tree: TaxonTree,
    tested: Tested,
    *,
    alpha: float,
    mix: Mapping[str, float],
    thresholds: Mapping[str, float],
    n_calibration: Mapping[str, int],
    proven: bool = False,
    each: Each | None = None,
) -> Conformal:
    """Test every calibration: for each stratum, with unknown taxa mixed in, on known taxa alone.

    Parameters
    ----------
    tree : TaxonTree
        Taxa of the model that is tested.
    tested : Tested
        Specimens of any strata.
    alpha : float
        Accepted share of wrong answers.
    mix : mapping
        Share of each stratum that the calibrations but ``known_only`` assumed.
    thresholds, n_calibration : mapping
        Keys ``mixed``, ``known_only`` and, with ``each``, ``each``: from calibration, and how many
        specimens it was learnt on.
    proven : bool
        Whether known taxa were calibrated on specimens kept from the model.
    each : Each, optional
        What the calibration ``each`` promises; it comes first then, otherwise ``mixed`` does.

    Returns
    -------
    Conformal
        Over the tested strata weighted to the mix, ``by_stratum`` for each of them; the other
        calibrations under their names. Answering "none" is never wrong; ``resolved_at`` says how
        often that was. Intervals are over specimens; of unknown taxa ``interval_over_taxa`` says
        how far other such taxa may differ.
    """
    known = [name for name in np.unique([*mix, *tested.strata]) if name.startswith("known ")]
    kinds = ["each"] if each else []
    found: dict[str, Guarantee] = {}
    for kind in (*kinds, "mixed", "known_only"):
        assumed = default_mix(np.array(known)) if kind == "known_only" else dict(mix)
        q, n = thresholds[kind], n_calibration[kind]
        text = guarantee(
            alpha, assumed, n, q, proven and kind == "known_only", each if kind == "each" else None
        )
        total, by_stratum = _summary(tree, tested, assumed, q, tested.values.get(kind))
        found[kind] = Guarantee(
            alpha=alpha,
            mix=assumed,
            threshold=float(q) if np.isfinite(q) else None,
            n_calibration=n,
            guarantee=text,
            n=total.n,
            coverage=total.coverage,
            interval=total.interval,
            resolved_at=total.resolved_at,
            mean_depth=total.mean_depth,
            by_stratum=by_stratum,
        )
    if each is None:
        return Conformal.model_validate(found.pop("mixed").to_dict() | found)
    strata = {str(name) for name in tested.strata if str(name).startswith("unknown ")}
    about = {
        "alpha_unknown": each.alpha_unknown,
        "promised": list(each.promised),
        "not_promised": sorted(strata - set(each.promised)),
        "resolution_lost": _lost(found, known),
    }
    return Conformal.model_validate(found.pop("each").to_dict() | found | about)


def _lost(found: Mapping[str, Guarantee], known: Sequence[str]) -> dict[str, float]:
    """Ranks of known taxa that ``each`` names less than the others, on average."""
    depths = {
        kind: [
            float(own.mean_depth or 0.0)
            for name, own in (one.by_stratum or {}).items()
            if name in known
        ]
        for kind, one in found.items()
    }
    if not depths["each"]:
        return {}
    mean = {kind: float(np.mean(values)) for kind, values in depths.items()}
    return {kind: mean[kind] - mean["each"] for kind in ("mixed", "known_only")}


def _summary(
    tree: TaxonTree,
    tested: Tested,
    mix: Mapping[str, float],
    q: float,
    values: np.ndarray | None,
) -> tuple[Stratum, dict[str, Stratum]]:
    """Test one calibration over the mix, and in each stratum."""
    on_path = along(tested.marginals, tested.path) if values is None else values
    accepted = cut_path(on_path, tested.path, q)
    judged = accepted if tested.depth is None else tree.cut(accepted, tested.depth)
    right = tree.contains(judged, tested.truth)
    found = [str(name) for name in np.unique(tested.strata) if name != "no label"]
    shares = {name: mix[name] for name in found if mix.get(name, 0) > 0}
    rows = np.isin(tested.strata, list(shares))
    weights = mix_weights(tested.strata[rows], shares, tested.specimens[rows])
    by_stratum = {}
    for name in found:
        here = np.asarray(tested.strata == name)
        by_stratum[name] = _tested(tree, accepted[here], right[here], tested.specimens[here])
        if name.startswith("unknown ") and tested.units is not None:
            by_stratum[name] = _over_taxa(by_stratum[name], right[here], tested.units[here])
    return _tested(tree, accepted[rows], right[rows], tested.specimens[rows], weights), by_stratum


def _over_taxa(found: Stratum, right: np.ndarray, taxa: np.ndarray) -> Stratum:
    """Add coverage with every unknown taxon counting once, and its interval over taxa."""
    codes, sizes = np.unique(taxa, return_inverse=True, return_counts=True)[1:]
    coverage = float(np.mean(np.bincount(codes, right) / sizes))
    return found.model_copy(
        update={
            "n_taxa": len(sizes),
            "coverage_over_taxa": coverage,
            "interval_over_taxa": wilson(coverage, len(sizes)),
        }
    )


def _tested(
    tree: TaxonTree,
    accepted: np.ndarray,
    right: np.ndarray,
    specimens: np.ndarray,
    weights: np.ndarray | None = None,
) -> Stratum:
    """Coverage and the share resolved at each rank, every specimen counting once."""
    if not len(specimens):
        return Stratum(n=0, coverage=None, interval=None, resolved_at={}, mean_depth=None)
    codes, counts = np.unique(specimens, return_inverse=True, return_counts=True)[1:]
    each = 1 / counts[codes] if weights is None else weights
    share = each / each.sum()
    per_unit = np.bincount(codes, share)
    coverage = float(share @ right)
    ranks = np.append(tree.nodes["rank"].to_numpy(object), "none")[accepted]
    resolved = {name: float(share @ (ranks == name)) for name in (*tree.ranks, "none")}
    return Stratum(
        n=len(counts),
        coverage=coverage,
        interval=wilson(coverage, 1 / float(per_unit @ per_unit)),
        resolved_at=resolved,
        mean_depth=sum((place + 1) * resolved[r] for place, r in enumerate(tree.ranks)),
    )


def guarantee(
    alpha: float,
    mix: Mapping[str, float],
    n_calibration: int,
    q: float,
    proven: bool = False,
    each: Each | None = None,
) -> str:
    """Say in plain words what the calibration promises and what it does not.

    ``proven`` tells whether the model had no part in its own calibration specimens; by
    cross-fitting, coverage is measured, not guaranteed.
    """
    if not np.isfinite(q):
        return (
            f"Nothing is promised: {n_calibration} calibration specimens are too few for alpha "
            f"{alpha:g} (at least {units_needed(alpha)} of equal weight are needed), so no rank "
            "is called safe."
        )
    shares = ", ".join(f"{name} {share:.1%}" for name, share in mix.items() if share > 0)
    way = (
        "It was calibrated on specimens kept from the model."
        if proven
        else "It was calibrated by cross-fitting, for which coverage is not proven but measured."
    )
    word = "contains" if proven else "is meant to contain"
    least = "at least" if proven else "about"
    return (
        f"Of new specimens like the {n_calibration} it was calibrated on ({shares}), the accepted "
        f"taxon {word} the true one for {least} {1 - alpha:.0%} on average. {way} "
        f"{_by_group(alpha, mix, each)} "
        "It is a statement about many specimens, not about one taxon or image, and images "
        "taken in another way are not covered."
    )


def _by_group(alpha: float, mix: Mapping[str, float], each: Each | None) -> str:
    """Say for which groups alone it is meant to hold."""
    new = [name for name in mix if name.startswith("unknown ")]
    if each is not None and each.promised:
        least = 1 - each.alpha_unknown
        text = (
            f"It is meant to hold for known taxa alone, too, and for {least:.0%} in each of these "
            f"groups: {', '.join(each.promised)}."
        )
        left = sorted(set(new) - set(each.promised))
        if left:
            text += f" Too few taxa to promise anything for: {', '.join(left)}."
        return text
    if any(mix[name] > 0 for name in new):
        return (
            "It does not hold for each of these groups alone: taxa the model never saw are "
            "answered wrongly more often than known ones."
        )
    return (
        "It covers only taxa the model was trained on. A specimen of any other taxon can be "
        "given a wrong name more often than that."
    )
