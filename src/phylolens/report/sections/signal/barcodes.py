"""DNA barcodes in words: what was measured, how saturated it is, how far a tree agrees."""

from dataclasses import dataclass

from phylolens.report.text import count, number, p_value, percent, plural
from phylolens.results.barcodes import BarcodeAgreement, BarcodeSignal, Saturation
from phylolens.results.signal import SignalResult

MODELS = {
    "levenshtein": "edit distances",
    "p": "p-distances",
    "jc69": "JC69 distances",
    "k2p": "K2P distances",
    "tn93": "TN93 distances",
    "logdet": "LogDet distances",
}
PUBLISHED = {
    "levenshtein": "as shares of the longer sequence (Levenshtein 1966)",
    "p": "shares of sites that differ",
    "jc69": "Jukes & Cantor 1969",
    "k2p": "Kimura 1980",
    "tn93": "Tamura & Nei 1993",
    "logdet": "Lockhart et al. 1994",
}
BESIDE = {"tree": "the tree", "distances": "the matrix"}
ALIGNED = {
    "given": "aligned as given",
    "pairwise": "each pair aligned by itself",
    "none": "not aligned",
}
RAW_EDITS, RAW_SITES = "edits, share of the longer sequence", "share of sites that differ"
MOST_NEAR = 0.05  # share of pairs as different as unrelated ones from which that is said
FLAT = 0.25  # of the slope over nearer pairs, below which differences hardly grow


@dataclass(frozen=True)
class BarcodeFacts:
    """What the report says of barcodes.

    Parameters
    ----------
    measured, saturated, agreed, problem : str
        Sentences; blank where there is nothing to say.
    unrelated : float or None
        Share of sites that differ between unrelated sequences.
    against : dict of str to str
        Kind of distance to the label of its axis in the figure.
    raw : str
        Label of the other axis.
    method : str
        A sentence to cite.
    source : str
        Literature of the model, as ``references.bib`` has it under keywords.
    caution : str
        What barcodes as the genetic side cannot tell; blank beside a tree.
    """

    measured: str
    saturated: str
    agreed: str
    problem: str
    unrelated: float | None
    against: dict[str, str]
    raw: str
    method: str
    source: str
    caution: str


def about_barcodes(found: SignalResult) -> BarcodeFacts | None:
    """Sum up ``barcodes`` of ``signal.json``; None without barcodes."""
    own = found.barcodes
    if own is None:
        return None
    first = own.saturation[0] if own.saturation else None
    taxa = count(own.n_taxa, found.rank)
    barcodes = f"{MODELS[own.model]} between {count(own.n_sequences, 'barcode')} of {taxa}"
    role = "are the genetic distances tested"
    if not own.is_genetic_side:
        role = f"stand beside {_side(own.saturation)}"
    return BarcodeFacts(
        measured=f"{barcodes[0].upper()}{barcodes[1:]} {role}; {_sites(own)}.",
        saturated=_saturated(own.saturation, found.rank),
        agreed=_agreed(own.agreement, own.saturation),
        problem=f"{own.not_possible}." if own.not_possible else "",
        unrelated=None if first is None else float(first.unrelated),
        against={one.against: _axis(one.against) for one in own.saturation},
        raw=RAW_EDITS if own.alignment == "none" else RAW_SITES,
        method=_method(own, barcodes),
        source=f"barcodes-{own.model}",
        caution=(
            "Whether the species have the tree of this one gene: barcodes are mostly "
            "mitochondrial, and such genes cross between species and saturate with time."
            if own.is_genetic_side
            else ""
        ),
    )


def _side(found: list[Saturation]) -> str:
    """Name what stands beside the barcodes."""
    named = (BESIDE[one.against] for one in found if one.against in BESIDE)
    return next(named, "the phylogeny")


def _sites(own: BarcodeSignal) -> str:
    aligned = ALIGNED[own.alignment]
    if own.sites is None:
        return aligned
    least, median = own.sites.least, own.sites.median
    shown = f"{least:,}" if least == median else f"{median:,.0f} (median; at least {least:,})"
    return f"{aligned}, {shown} sites compared of a pair"


def _axis(against: str) -> str:
    if against in BESIDE:
        return f"distance in {BESIDE[against]}"
    return f"{MODELS[against].removesuffix('s')} (substitutions a site)"


def _saturated(found: list[Saturation], rank: str) -> str:
    """Say how near the pairs come to unrelated sequences, and whether differences still grow."""
    if not found:
        return ""
    first = found[0]
    text = (
        f"Unrelated sequences of these base frequencies would differ at {percent(first.unrelated)} "
        f"of their sites; the most different pair of {plural(rank)} does at "
        f"{percent(first.largest)}, and {percent(first.share_near_unrelated)} of the pairs come "
        "within a fifth of it."
    )
    if first.slope_near and first.slope_far is not None and first.slope_near > 0:
        pace = max(first.slope_far / first.slope_near, 0.0)
        side = BESIDE.get(first.against, MODELS.get(first.against, ""))
        text += (
            f" Over the farther half of the pairs, by {side}, raw differences grow at "
            f"{percent(pace)} of their pace over the nearer half."
        )
        if first.share_near_unrelated > MOST_NEAR or pace < FLAT:
            text += " The barcodes are saturated: far distances are mostly chance."
    elif first.share_near_unrelated > MOST_NEAR:
        text += " The barcodes are saturated: far distances are mostly chance."
    if first.n_undefined:
        text += f" {count(first.n_undefined, 'pair')} without a value are not drawn."
    return text


def _agreed(own: BarcodeAgreement | None, found: list[Saturation]) -> str:
    if own is None:
        return ""
    side = _side(found)
    tests = (own.pearson, own.spearman)
    r, rho = (number(test.statistic, 3) for test in tests)
    p, p_ranks = (p_value(test.p_value) for test in tests if test.p_value is not None)
    return (
        f"Over pairs of {own.n_taxa:,} taxa the barcodes' distances agree with {side} at "
        f"r = {r} (Mantel, p = {p}); of ranks {rho} (p = {p_ranks}). Two matrices that each come "
        "from a tree are found related too easily, so r counts here, not p."
    )


def _method(own: BarcodeSignal, barcodes: str) -> str:
    role = "Genetic distances" if own.is_genetic_side else "Barcodes beside"
    how = f", {_sites(own)}"
    if own.sites is not None:
        how += ", sites without a definite base left out pair by pair"
    cited = f"{barcodes} ({PUBLISHED[own.model]})"
    return f"{role}: {cited}{how}, averaged over the sequences of two taxa."
