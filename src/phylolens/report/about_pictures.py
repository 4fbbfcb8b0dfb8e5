"""Which pictures to show: a few of each taxon, picked without looking."""

from typing import Any

from phylolens.report.ordering import in_order
from phylolens.report.results import Results
from phylolens.report.wording import plural

MOST_PICTURES, MOST_A_TAXON = 60, 4


def about_pictures(results: Results) -> dict[str, Any] | None:
    """Choose sample pictures by taxon of the rank of comparison; None without pictures.

    Within a taxon pictures are taken in the order of their content hash, which no one chose, each
    specimen once before any twice.
    """
    table, rank = results.specimens, results.rank
    if table is None or rank is None or not results.has_pictures or rank not in table:
        return None
    known = table[table[rank].notna()]
    taxa = in_order(results, rank, sorted(known[rank].unique()))
    if not taxa:
        return None
    shown = _spread(taxa, MOST_PICTURES)
    each = max(1, min(MOST_A_TAXON, MOST_PICTURES // len(shown)))
    key = "sha256" if "sha256" in known else "file"
    ordered = known.sort_values([key, "file"])
    ordered = ordered.assign(again=ordered.groupby("specimen_id").cumcount())
    ordered = ordered.sort_values(["again", key, "file"])
    groups = dict(iter(ordered.groupby(rank)))
    return {
        "rank": rank,
        "plural": plural(rank),
        "n_taxa": len(taxa),
        "n_shown": len(shown),
        "each": each,
        "taxa": [{"taxon": t, "files": list(groups[t]["file"].head(each))} for t in shown],
    }


def _spread(taxa: list[str], most: int) -> list[str]:
    """Take at most ``most`` taxa, evenly over their order."""
    if len(taxa) <= most:
        return taxa
    return [taxa[place * len(taxa) // most] for place in range(most)]
