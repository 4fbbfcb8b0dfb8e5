"""Which taxa are mistaken for which, and what else may give a taxon away."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.ordering import in_order, lineage_table
from phylolens.report.results import Results
from phylolens.report.text import count, listed, number, p_value, percent, plural
from phylolens.results.checks import Sources, SourcesWithin
from phylolens.results.classification import ClassificationResult, Confusion, RankScores

CONFUSED_SHOWN = 10
PAIRS_SHOWN, IMAGES_A_PAIR = 3, 3
LARGEST_MATRIX = 200  # classes; beyond, a cell is smaller than a printed dot


def confusion(results: Results, rank: str, scores: RankScores) -> dict[str, Any]:
    """Put a confusion matrix into the order of the tree."""
    found = scores.confusion or Confusion(labels=[], matrix=[])
    labels = found.labels
    ordered = in_order(results, rank, labels)
    place = {label: row for row, label in enumerate(labels)}
    rows = [place[label] for label in ordered]
    matrix = np.array(found.matrix, dtype=int).reshape(len(labels), -1)[np.ix_(rows, rows)]
    return {"labels": ordered, "matrix": matrix.tolist(), "drawn": len(labels) <= LARGEST_MATRIX}


def most_confused(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the most frequent mistakes."""
    labels, matrix = found["labels"], np.array(found["matrix"])
    wrong = matrix - np.diag(np.diag(matrix))
    cells = sorted(
        ((int(wrong[i, j]), labels[i], labels[j]) for i, j in zip(*wrong.nonzero(), strict=True)),
        key=lambda cell: (-cell[0], cell[1], cell[2]),
    )
    of = dict(zip(labels, matrix.sum(axis=1).tolist(), strict=True))
    return [{"truth": a, "predicted": b, "n": n, "of": of[a]} for n, a, b in cells[:CONFUSED_SHOWN]]


def heights(results: Results, rank: str, found: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many mistakes stay within the right coarser taxon, beside random wrong answers.

    A random wrong answer is any other class of the matrix with equal chance. A taxon whose coarser
    taxon is unknown shares it with no other.

    Returns
    -------
    dict or None
        ``n``; ``steps``, finest first: ``rank``, ``within`` (share of mistakes whose answer lies in
        the right taxon of that rank), ``by_chance`` (the same of random wrong answers). None
        without a coarser rank of several taxa, or without mistakes.
    """
    labels, matrix = list(found["labels"]), np.array(found["matrix"])
    wrong = matrix - np.diag(np.diag(matrix))
    lineage = lineage_table(results, rank)
    if lineage is None or not wrong.any():
        return None
    steps: list[dict[str, Any]] = []
    same = np.zeros(matrix.shape, dtype=bool)
    for column in reversed(lineage.columns[:-1]):
        groups = lineage[column].reindex(labels)
        if groups.nunique() < 2:
            continue
        codes = pd.factorize(groups)[0]
        same |= (codes[:, None] == codes) & (codes[:, None] >= 0)  # a taxon lies in all above it
        np.fill_diagonal(same, False)
        of = wrong.sum(axis=1)
        steps.append(
            {
                "rank": str(column),
                "within": float(wrong[same].sum() / wrong.sum()),
                "by_chance": float((of * same.sum(axis=1)).sum() / of.sum() / (len(labels) - 1)),
            }
        )
    if not steps:
        return None
    height = {"rank": rank, "n": int(wrong.sum()), "steps": steps}
    return height | {"sentence": _height_sentence(height)}


def _height_sentence(height: Mapping[str, Any]) -> str:
    parts = [
        f"{percent(step['within'])} within the right {step['rank']} (random wrong answers: "
        f"{percent(step['by_chance'])})"
        for step in height["steps"]
    ]
    first, _, rest = listed(parts).partition(" ")
    return f"Of {count(height['n'], 'mistake')}, {first} stay {rest}."


def pictured(
    results: Results, answers: pd.DataFrame | None, rank: str, model: str, confused: list[dict]
) -> list[dict[str, Any]]:
    """Choose images of the most frequent mistakes, the surest answers first.

    Returns
    -------
    list of dict
        ``truth``, ``predicted``, ``wrong`` (files with the stated certainty, one a specimen before
        a second) and ``typical``, a file of either taxon named correctly; failing that, any other.
    """
    if answers is None or not results.has_images:
        return []
    rows = answers[(answers["rank"] == rank) & (answers["model"] == model)]
    known = "probability" in rows
    sure = rows["probability"].astype(float) if known else 0.0
    rows = rows.assign(sure=sure).sort_values(["sure", "file"], ascending=[False, True])
    right = rows[rows["truth"] == rows["predicted"]].drop_duplicates("truth")
    typical = dict(zip(right["truth"], right["file"], strict=True))
    pairs = []
    for pair in confused[:PAIRS_SHOWN]:
        own = rows[(rows["truth"] == pair["truth"]) & (rows["predicted"] == pair["predicted"])]
        again = own.groupby("specimen_id").cumcount()
        own = own.assign(again=again).sort_values(
            ["again", "sure", "file"], ascending=[True, False, True]
        )
        shown = own.head(IMAGES_A_PAIR)
        if len(shown):
            wrong = [
                {"file": row.file, "sure": percent(row.sure) if known else ""}
                for row in shown.itertuples()
            ]
            ends = {
                end: typical.get(pair[end]) or _any_of(results, rank, pair[end], set(own["file"]))
                for end in ("truth", "predicted")
            }
            pairs.append({key: pair[key] for key in ("truth", "predicted", "n", "of")}
                         | {"wrong": wrong, "typical": ends})  # fmt: skip
    return pairs


def _any_of(results: Results, rank: str, taxon: str, but: set[str]) -> str | None:
    """Take an image of a taxon by its content hash, which no one chose."""
    table = results.specimens
    if table is None or rank not in table:
        return None
    rows = table[(table[rank] == taxon) & ~table["file"].isin(but)]
    key = "sha256" if "sha256" in rows else "file"
    return str(rows.sort_values([key, "file"])["file"].iloc[0]) if len(rows) else None


LEVEL = 0.05


def about_sources(metrics: ClassificationResult) -> list[str]:
    """Sentences on what the sources of the images give away; empty where unknown."""
    found = metrics.sources
    if not found:
        return []
    lines = [_telling(found), _within(found.within_taxa), _one_source(found)]
    left = [
        f"{rank} {percent(scores.accuracy)} (macro-F1 {number(scores.macro_f1)})"
        for rank, scores in (found.held_out or {}).items()
    ]
    if left:
        lines.append(f"Trained without a source and tested on it: {listed(left)} named correctly.")
    return [line for line in lines if line]


def _telling(found: Sources) -> str:
    told = found.can_tell
    if told is None or told.balanced_accuracy is None:
        return ""
    return (
        f"The features name the source of an image (one of {found.n_sources}) with "
        f"balanced accuracy {number(told.balanced_accuracy)}; guessing gives "
        f"{number(told.chance)}. Taxa that differ between sources raise this."
    )


def _within(found: SourcesWithin | None) -> str:
    """Say whether sources are recognised among images of one taxon, where taxa cannot help."""
    if not found or found.balanced_accuracy is None:
        return ""
    rank, p = found.rank, found.p_value
    text = (
        f"Among images of one {rank} ({count(found.n_taxa, rank)} with several sources) it is "
        f"{number(found.balanced_accuracy)}, and {number(found.permuted_mean)} with the "
        f"sources permuted within {plural(rank)}"
    )
    if found.finest is False or p is None:
        return f"{text}; sources may still go with the finer taxa, so this is no test."
    verdict = (
        "images give their source away, so a taxon of one source may be recognised by it"
        if p <= LEVEL
        else "no evidence that images give their source away"
    )
    return f"{text}, p = {p_value(p)}: {verdict}."


def _one_source(found: Sources) -> str:
    shares = {rank: share for rank, share in (found.one_source or {}).items() if share}
    if not shares:
        return ""
    parts = [f"{percent(share)} by {rank}" for rank, share in shares.items()]
    return f"Images of taxa that one source alone supplies: {listed(parts)}."


def about_near_duplicates(metrics: ClassificationResult) -> str:
    """Say how many tested images nearly repeat a training image; empty where not looked for."""
    found = metrics.near_duplicates
    if not found:
        return ""
    text = (
        f"{format(found.n_near, ',') if found.n_near else 'None'} of "
        f"{count(found.n_tested, 'tested image')} "
        f"({percent(found.share)}) nearly repeat{'s' if found.n_near < 2 else ''} a "
        "training image, far more alike than such images usually are (cosine of the "
        f"features {number(found.threshold, 3)} or more)"
    )
    without = found.accuracy_without or {}
    if not found.n_near or not without:
        return text + "."
    before = {rank: own.accuracy for rank, own in metrics.models[metrics.primary].items()}
    parts = [
        f"{percent(share)}" + (f" instead of {percent(before[rank])}" if rank in before else "")
        + f" by {rank}"
        for rank, share in without.items()
    ]  # fmt: skip
    return f"{text}. Without them the accuracy is {listed(parts)}."
