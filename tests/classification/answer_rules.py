"""What has to hold in every row of the tables of answers, checked on the tables alone."""

import math

import pandas as pd

NONE = "none of these"


def broken(nodes: pd.DataFrame, ranks: tuple[str, ...], wide: pd.DataFrame, long: pd.DataFrame):
    """List the rules that rows break, as (file, rule).

    Parameters
    ----------
    nodes : DataFrame
        Columns ``rank``, ``taxon`` (no name at two ranks) and ``parent``, the index of a row.
    ranks : tuple of str
        Coarse to fine.
    wide, long : DataFrame
        ``answers.csv`` and ``answers_by_rank.csv``.
    """
    taxa = nodes["taxon"].tolist()
    parent = {taxa[k]: taxa[p] if p >= 0 else None for k, p in enumerate(nodes["parent"])}
    rank_of = dict(zip(taxa, nodes["rank"], strict=True))
    tips = set(taxa) - set(parent.values())
    lines_of = dict(iter(long.groupby("file", sort=False)))
    found = []
    for row in wide.to_dict("records"):
        named = [row[rank] for rank in ranks if not pd.isna(row[rank])]
        lines = lines_of.get(row["file"], long.iloc[:0])
        rules = {
            "a taxon stands at its rank": all(
                rank_of[row[r]] == r for r in ranks if row[r] in named
            ),
            "each taxon lies in the one before": [parent[t] for t in named] == [None, *named][:-1],
            "both tables name the same taxa": lines["taxon"].tolist() == named,
            "a taxon is no likelier than its parent": lines["probability"].is_monotonic_decreasing,
            "chances lie between 0 and 1": lines["probability"].between(0, 1).all(),
            **_of_accepted(row, lines, ranks, named),
            **_of_set(row, named, parent, tips),
        }
        found += [(row["file"], rule) for rule, holds in rules.items() if not holds]
    return found


def _of_accepted(row, lines, ranks, named):
    if row["accepted_rank"] == NONE:
        return {
            "none has no taxon": row["accepted_taxon"] == NONE,
            "none has no probability": math.isnan(row["accepted_probability"]),
            "none accepts no rank": not lines["accepted"].any(),
        }
    place = ranks.index(row["accepted_rank"])
    accepted = [ranks.index(rank) <= place for rank in lines["rank"]]
    at = lines[lines["rank"] == row["accepted_rank"]]
    return {
        "the accepted taxon is the row's at its rank": row["accepted_taxon"] == row[ranks[place]],
        "its probability is that of its rank": at["probability"].tolist()
        == [row["accepted_probability"]],
        "all coarser ranks are accepted, no finer one": lines["accepted"].tolist() == accepted,
    }


def _of_set(row, named, parent, tips):
    names = row["conformal_set"].split("|")
    size = row["conformal_set_size"]
    if names[-1].startswith("and ") and names[-1].endswith(" more"):
        shown = names[:-1]
        counted = len(shown) == 10 and size == 10 + int(names[-1].split()[1])
    else:
        shown, counted = names, len(names) == size
    accepted = row["accepted_taxon"]
    within = {tip for tip in tips if accepted == NONE or accepted in _lineage(tip, parent)}
    return {
        "the set has its size": counted and size > 0 and len(set(shown)) == len(shown),
        "the set lies within the accepted taxon": set(shown) <= within and size <= len(within),
        "none has every taxon in its set": accepted != NONE or size == len(tips),
        "an undivided taxon is its own set": accepted not in tips or shown == [accepted],
        "the answer is in its set": not named
        or named[-1] not in tips
        or named[-1] in shown
        or size > 10,
    }


def _lineage(taxon, parent):
    while taxon is not None:
        yield taxon
        taxon = parent[taxon]
