"""Which images to show: a few of each taxon, picked without looking."""

from typing import Any

import numpy as np

from phylolens.errors import some
from phylolens.report.columns import possible_confounds
from phylolens.report.ordering import in_order
from phylolens.report.results import Results
from phylolens.report.text import count, listed, percent, plural, sentence
from phylolens.results.confounds import PossibleConfounds

NAMES_SHOWN = 300
UNUSABLE = ("missing-file", "unreadable-image", "no-features")  # kinds of problems
SKEWED = 10  # largest taxon over median from which counts are called very uneven


def names(found: list[str]) -> dict[str, Any]:
    """Names for a list, the rest counted."""
    return {"count": len(found), "shown": found[:NAMES_SHOWN], "more": len(found[NAMES_SHOWN:])}


def about_specimens(results: Results) -> dict[str, Any] | None:
    """Sum up ``check.json``: images, ranks, problems, what was left out."""
    found = results.check.get("specimens")
    if not found:
        return None
    ranks = [_rank(rank, values) for rank, values in (found.get("classes") or {}).items()]
    left_out = _left_out(results.check)
    usable = int(found.get("n_usable", found["n_images"]))
    # Rows without features are gone before rows are counted.
    read = max(int(found["n_images"]), usable + len(left_out))
    pictures = bool(found.get("pictures", True))
    confounds = PossibleConfounds.model_validate(results.check.get("confounds") or {})
    return {
        "n_images": read,
        "n_usable": usable,
        "n_left_out": read - usable,
        "n_specimens": found.get("n_specimens"),
        "has_specimen_ids": bool(found.get("has_specimen_ids")),
        "noun": "image" if pictures else "feature row",
        "ranks": ranks,
        "problems": [_problem(problem) for problem in results.check.get("problems") or []],
        "left_out": names(left_out),
        "possible_confounds": confounds.named,
        "sentences": [
            _read(read, usable, left_out, pictures),
            *_sentences(found, ranks, pictures),
            *possible_confounds(confounds, results.rank or "taxon"),
        ],
    }


def _left_out(check: dict[str, Any]) -> list[str]:
    """Name the rows that could not be used, whether dropped by a rule or never readable."""
    files = set((check.get("left_out") or {}).get("images") or [])
    for problem in check.get("problems") or []:
        if problem.get("kind") in UNUSABLE:
            files |= set(problem.get("ids") or [])
    return sorted(files)


def _read(read: int, usable: int, left_out: list[str], pictures: bool) -> str:
    noun = "image" if pictures else "feature row"
    if read == usable:
        verb, all_of = ("was", "It") if read == 1 else ("were", "All of them")
        return f"{count(read, noun).capitalize()} {verb} read. {all_of} could be used."
    text = f"{count(read, 'row').capitalize()} {'was' if read == 1 else 'were'} read; "
    text += f"{count(usable, noun)} could be used and {read - usable:,} left out"
    return f"{text}: {some(left_out)}." if left_out else f"{text}."


def _rank(rank: str, values: dict[str, Any]) -> dict[str, Any]:
    counts = {str(taxon): int(n) for taxon, n in values["counts"].items()}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    sizes = np.array([n for _, n in ordered] or [0])
    return {
        "rank": rank,
        "plural": plural(rank),
        "n_taxa": len(counts),
        "n_unknown": int(values.get("n_unknown", 0)),
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


def _problem(problem: dict[str, Any]) -> dict[str, Any]:
    return {
        "severity": problem["severity"],
        "message": sentence(problem["message"]),
        "count": problem.get("count", len(problem.get("ids", []))),
        **{"ids": names(list(problem.get("ids", [])))},
    }


def _sentences(found: dict[str, Any], ranks: list[dict[str, Any]], pictures: bool) -> list[str]:
    noun, lines = "image" if pictures else "feature row", []
    if ranks:
        lines.append(f"They show {listed([count(r['n_taxa'], r['rank']) for r in ranks])}.")
    if not pictures and ranks and ranks[-1]["largest_n"] == 1:
        lines.append(f"Each row describes one {ranks[-1]['rank']}.")
    elif found.get("has_specimen_ids"):
        lines.append(
            f"They belong to {count(int(found['n_specimens']), 'specimen')}; all images of one "
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
    found = results.check.get("phylogeny")
    if not found:
        return None
    rank, tip_rank = str(found["rank"]), str(found.get("tip_rank", found["rank"]))
    n_taxa, n_tips = int(found["n_taxa"]), int(found.get("n_tips_used", found["n_taxa"]))
    missing, unmatched = list(found.get("no_phylogeny") or []), list(found.get("no_taxon") or [])
    shown = "images" if (results.check.get("specimens") or {}).get("pictures", True) else "features"
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
        "source": {"tree": "a tree", "distances": "a matrix of distances"}.get(
            str(found.get("source", "")), ""
        ),
        "no_phylogeny": names(missing),
        "no_taxon": names(unmatched),
        "rule": found.get("rule", ""),
        "sentence": text,
    }


MOST_PICTURES, MOST_A_TAXON = 60, 4


def about_pictures(results: Results) -> dict[str, Any] | None:
    """Choose sample images by taxon of the rank of comparison; None without images.

    Within a taxon images are taken in the order of their content hash, which no one chose, each
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
