"""Which images to show: a few of each taxon, picked without looking."""

from typing import Any

import numpy as np

from phylolens.errors import some
from phylolens.report.columns import possible_confounds
from phylolens.report.ordering import in_order
from phylolens.report.results import Results
from phylolens.report.text import count, listed, percent, plural, sentence
from phylolens.results.check import CheckResult, FoundProblem, RankCounts, SpecimenCounts

NAMES_SHOWN = 300
SOURCES = {"tree": "a tree", "distances": "a matrix of distances", "barcodes": "DNA barcodes"}
UNUSABLE = ("missing-file", "unreadable-image", "no-features")  # kinds of problems
SKEWED = 10  # largest taxon over median from which counts are called very uneven


def names(found: list[str]) -> dict[str, Any]:
    """Names for a list, the rest counted."""
    return {"count": len(found), "shown": found[:NAMES_SHOWN], "more": len(found[NAMES_SHOWN:])}


def about_specimens(results: Results) -> dict[str, Any] | None:
    """Sum up ``check.json``: images, ranks, problems, what was left out."""
    found = results.check.specimens
    if found is None:
        return None
    ranks = [_rank(rank, counts) for rank, counts in found.classes.items()]
    left_out = _left_out(results.check)
    usable = found.n_images if found.n_usable is None else found.n_usable
    # Rows without features are gone before rows are counted.
    read = max(found.n_images, usable + len(left_out))
    confounds = results.check.confounds
    return {
        "n_images": read,
        "n_usable": usable,
        "n_left_out": read - usable,
        "n_specimens": found.n_specimens,
        "has_specimen_ids": found.has_specimen_ids,
        "noun": "image" if found.pictures else "feature row",
        "ranks": ranks,
        "problems": [_problem(problem) for problem in results.check.problems],
        "left_out": names(left_out),
        "possible_confounds": confounds.named,
        "sentences": [
            _read(read, usable, left_out, found.pictures),
            *_sentences(found, ranks),
            *possible_confounds(confounds, results.rank or "taxon"),
        ],
    }


def _left_out(check: CheckResult) -> list[str]:
    """Name the rows that could not be used, whether dropped by a rule or never readable."""
    files = set(check.left_out.images)
    for problem in check.problems:
        if problem.kind in UNUSABLE:
            files |= set(problem.ids)
    return sorted(files)


def _read(read: int, usable: int, left_out: list[str], pictures: bool) -> str:
    noun = "image" if pictures else "feature row"
    if read == usable:
        verb, all_of = ("was", "It") if read == 1 else ("were", "All of them")
        return f"{count(read, noun).capitalize()} {verb} read. {all_of} could be used."
    text = f"{count(read, 'row').capitalize()} {'was' if read == 1 else 'were'} read; "
    text += f"{count(usable, noun)} could be used and {read - usable:,} left out"
    return f"{text}: {some(left_out)}." if left_out else f"{text}."


def _rank(rank: str, found: RankCounts) -> dict[str, Any]:
    ordered = sorted(found.counts.items(), key=lambda item: (-item[1], item[0]))
    sizes = np.array([n for _, n in ordered] or [0])
    return {
        "rank": rank,
        "plural": plural(rank),
        "n_taxa": len(ordered),
        "n_unknown": found.n_unknown,
        "largest": ordered[0][0] if ordered else "",
        "largest_n": int(sizes[0]),
        "largest_share": percent(float(sizes[0] / sizes.sum()) if sizes.sum() else None),
        "median_n": f"{float(np.median(sizes)):,g}",
        "smallest_n": int(sizes[-1]),
        "n_single": int((sizes == 1).sum()),
        "skewed": bool(sizes[0] > SKEWED * max(1.0, float(np.median(sizes)))),
        "even": bool(len(sizes) > 1 and sizes[0] == sizes[-1]),
        "counts": ordered,
        "alt": _counts_alt(rank, ordered),
    }


def _counts_alt(rank: str, ordered: list[tuple[str, int]]) -> str:
    if not ordered:
        return f"No {rank} is known."
    first, last = ordered[0], ordered[-1]
    return (
        f"Images of each {rank}: from {first[0]} with {first[1]:,} down to {last[0]} with "
        f"{last[1]:,}, {count(len(ordered), rank)} in all."
    )


def _problem(problem: FoundProblem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "message": sentence(problem.message),
        "count": len(problem.ids) if problem.count is None else problem.count,
        "ids": names(problem.ids),
    }


def _sentences(found: SpecimenCounts, ranks: list[dict[str, Any]]) -> list[str]:
    noun, lines = "image" if found.pictures else "feature row", []
    if ranks:
        lines.append(f"They show {listed([count(r['n_taxa'], r['rank']) for r in ranks])}.")
    if not found.pictures and ranks and ranks[-1]["largest_n"] == 1:
        lines.append(f"Each row describes one {ranks[-1]['rank']}.")
    elif found.has_specimen_ids:
        lines.append(
            f"They belong to {count(found.n_specimens or 0, 'specimen')}; all images of one "
            "specimen stay together when data are divided into training and test parts."
        )
    else:
        lines.append(
            f"No specimen ids were given, so every {noun} counts as its own specimen. If several "
            "show the same individual, test figures below are too good."
        )
    return lines


def about_phylogeny(results: Results) -> dict[str, Any] | None:
    """Sum up how the names of the phylogeny and of the images met."""
    found = results.check.phylogeny
    if found is None:
        return None
    rank, tip_rank, n_taxa = found.rank, found.tip_rank or found.rank, found.n_taxa
    n_tips = n_taxa if found.n_tips_used is None else found.n_tips_used
    shown = "images" if results.of_images else "features"
    verb = "has" if n_taxa == 1 else "have"
    text = f"{count(n_taxa, rank).capitalize()} {verb} both {shown} and a place in the phylogeny."
    if rank != tip_rank:
        text += (
            f" Its tips are {plural(tip_rank)} ({n_tips:,} used): the distance between two "
            f"{plural(rank)} is the mean over the pairs of their {plural(tip_rank)}."
        )
    return {
        "rank": rank,
        "plural": plural(rank),
        "tip_plural": plural(tip_rank),
        "shown": shown,
        "n_taxa": n_taxa,
        "n_tips_used": n_tips,
        "source": SOURCES[found.source] if found.source else "",
        "no_phylogeny": names(found.no_phylogeny),
        "no_taxon": names(found.no_taxon),
        "rule": found.rule or "",
        "sentence": text,
    }


MOST_IMAGES, MOST_A_TAXON = 60, 4


def about_images(results: Results) -> dict[str, Any] | None:
    """Choose sample images by taxon of the rank of comparison; None without images.

    Within a taxon images are taken in the order of their content hash, which no one chose, each
    specimen once before any twice.
    """
    table, rank = results.specimens, results.rank
    if table is None or rank is None or not results.has_images or rank not in table:
        return None
    known = table[table[rank].notna()]
    taxa = in_order(results, rank, sorted(known[rank].unique()))
    if not taxa:
        return None
    shown = _spread(taxa, MOST_IMAGES)
    each = max(1, min(MOST_A_TAXON, MOST_IMAGES // len(shown)))
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
