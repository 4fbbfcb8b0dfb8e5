"""The fit to all taxa, in-sample, and the images that carry it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from phylolens.report.results import Results
from phylolens.report.text import count, number, percent


def about_fit(
    found: Mapping[str, Any], genetic: pd.DataFrame | None, guided: pd.DataFrame | None
) -> dict[str, Any]:
    """Sum up the fit to all taxa.

    Parameters
    ----------
    found : mapping
        ``guide.json``.
    genetic, guided : DataFrame, shape (n, n), optional
        Similarities: the target, and those of the fitted embedding.

    Returns
    -------
    dict
        ``rows`` of a table and ``sentences``, both empty without a squared error to compare;
        ``answer``, for the first box; ``narrow``, how small a part of the colour scale is used;
        ``loss_ends``, where the loss began and ended.
    """
    fit, base = found.get("in_sample") or {}, found.get("baselines") or {}
    constant = (base.get("constant") or {}).get("mse")
    n, judged = found["n_taxa"], fit.get("mse") is not None and constant is not None
    summary = {
        "rank": found["rank"],
        "n_taxa": n,
        "n_pairs": n * (n - 1) // 2,
        "in_sample": fit,
        "constant_mse": constant,
        "published": (found.get("published_statistic") or {}).get("pearson_with_diagonal"),
        "reach": _reach(genetic, guided),
    }
    return {
        "rows": _rows(fit, base) if judged else [],
        "sentences": _sentences(summary, base) if judged else [],
        "answer": _answer(fit, base),
        "narrow": _narrow(guided),
        "loss_ends": _loss_ends(found.get("loss") or {}),
    }


def _rows(fit: Mapping[str, Any], base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of figures: the guided fit, then each yardstick."""
    named: list[tuple[str, Mapping[str, Any], str]] = [
        ("guided, in-sample", fit, "fitted to this very matrix")
    ]
    unguided = (base.get("unguided") or {}).get("in_sample")
    if unguided:
        named.append(
            ("unguided", unguided, "plain average of the same images; saw no genetic distance")
        )
    if base.get("taxonomy_only"):
        ranks = ", ".join(base["taxonomy_only"].get("ranks") or [])
        named.append(("taxonomy alone", base["taxonomy_only"], f"no images; steps over {ranks}"))
    if base.get("row_means"):
        note = "no images; each taxon's mean genetic distance, in-sample"
        named.append(("row means", base["row_means"], note))
    named.append(("constant", base["constant"], "no images; one value for all pairs, in-sample"))
    keys = ("pearson", "spearman", "mse")
    return [
        {"name": name, "note": note, **{k: number(v[k], 3) if k in v else "–" for k in keys}}
        for name, v, note in named
    ]


def _reach(genetic: pd.DataFrame | None, guided: pd.DataFrame | None) -> str:
    """Say when the fit could not reach its target: weighted averages of features point one way."""
    if genetic is None or guided is None:
        return ""
    upper = np.triu_indices(len(genetic), k=1)
    wanted, got = genetic.to_numpy()[upper], guided.to_numpy()[upper]
    negative = float((wanted < 0).mean())
    if not negative or got.min() < 0:
        return ""
    return (
        f"{percent(negative)} of the wanted similarities are negative, but no fitted one falls "
        f"below {number(float(got.min()))}: weighted averages of image features that are never "
        "negative can not point in opposite directions, however long they are trained."
    )


def _narrow(guided: pd.DataFrame | None) -> str:
    """Say how small a part of the colour scale the visual similarities cover."""
    if guided is None:
        return ""
    values = guided.to_numpy()[np.triu_indices(len(guided), k=1)]
    low, high = number(float(values.min())), number(float(values.max()))
    return f"Guided similarities lie between {low} and {high}, in-sample."


def _loss_ends(loss: Mapping[str, Any]) -> str:
    if loss.get("first") is None or loss.get("last") is None:
        return ""
    return f"{number(loss['first'], 3)} before the first step, {number(loss['last'], 3)} at last"


def _sentences(summary: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
    fit, constant = summary["in_sample"], summary["constant_mse"]
    lines = [
        f"The embedding of {count(summary['n_taxa'], summary['rank'])} was fitted to their genetic "
        f"similarities and then compared with the same similarities: the in-sample correlation is "
        f"r = {number(fit['pearson'])} (Spearman {number(fit['spearman'])}). No p-value is given: "
        f"the {summary['n_pairs']:,} pairs are not independent, and the fit has seen them all.",
    ]
    worse = fit["mse"] > constant
    lines.append(
        f"Its in-sample mean squared error is {number(fit['mse'], 3)}, "
        f"{'worse' if worse else 'better'} than the {number(constant, 3)} of giving every pair the "
        "same value, which needs no image."
    )
    lines += _lost(fit, (base.get("unguided") or {}).get("in_sample") or {})
    lines += _beside_yardsticks(fit["pearson"], base)
    if summary["reach"]:
        lines.append(summary["reach"])
    if summary["published"] is not None:
        lines.append(
            "The published study also counted each taxon's similarity with itself as a pair, which "
            f"raises the in-sample correlation to {number(summary['published'])} here. That figure "
            "serves comparison with the study only."
        )
    return lines


def _lost(fit: Mapping[str, Any], unguided: Mapping[str, Any]) -> list[str]:
    """Explain a correlation that the fit has lowered."""
    before, after = unguided.get("pearson"), fit["pearson"]
    if before is None or after is None or after >= before:
        return []
    return [
        f"Unguided, the same images correlate more (r = {number(before)}): the fit lowers the "
        f"squared error (from {number(unguided['mse'], 3)} to {number(fit['mse'], 3)}, in-sample), "
        "not the disagreement in pattern."
    ]


def _beside_yardsticks(pearson: float | None, base: Mapping[str, Any]) -> list[str]:
    """Set the in-sample correlation beside correlations that no image was needed for."""
    yardsticks = (
        ("taxonomy_only", "the named ranks alone, without any image, give"),
        (
            "row_means",
            "each taxon's mean genetic distance to the others, without any image, gives",
        ),
    )
    lines = []
    for key, words in yardsticks:
        r = (base.get(key) or {}).get("pearson")
        if r is not None and pearson is not None:
            verdict = "more than" if r > pearson else "less than"
            lines.append(
                f"For comparison, {words} r = {number(r)}: {verdict} the guided images, in-sample."
            )
    return lines


def _answer(fit: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    unguided = ((base.get("unguided") or {}).get("in_sample") or {}).get("pearson")
    text = (
        f"Guided by the tree, the images reach an in-sample correlation of "
        f"r = {number(fit.get('pearson'))} with it"
    )
    text += f" (r = {number(unguided)} unguided). " if unguided is not None else ". "
    return text + (
        "This must not be read as prediction: the same genetic distances were used to fit and "
        "to judge, and no taxon was held out."
    )


GALLERY_TAXA, GALLERY_IMAGES = 6, 2
COPY = r"#[^#]*-[0-9]+$"  # altered copies are named image#alteration-number


def about_gallery(results: Results) -> dict[str, Any] | None:
    """Images that weigh most and least, in the taxa with the heaviest; None without images."""
    table, known = results.table("guide/attention.csv", numbers=("weight",)), results.specimens
    if table is None or known is None or not results.has_pictures:
        return None
    files = set(known["file"])
    pictures = by_picture(table, files)
    n_pictures = pictures.groupby("taxon")["picture"].transform("size")
    enough = n_pictures >= 2 * GALLERY_IMAGES
    there = pictures["picture"].isin(files).groupby(pictures["taxon"]).transform("all")
    shown = pictures[enough & there]
    if shown.empty:
        return None
    heaviest = shown.groupby("taxon")["times"].max()
    ordered = sorted(heaviest.index, key=lambda taxon: (-heaviest[taxon], taxon))[:GALLERY_TAXA]
    largest = pictures[n_pictures > 1].groupby("taxon")["weight"].max()
    return {
        "learner": str(((results.guide or {}).get("weighed_by")) or ""),
        "taxa": [_ends(taxon, shown[shown["taxon"] == taxon]) for taxon in ordered],
        "fewest": 2 * GALLERY_IMAGES,
        "largest": _times(float(heaviest.max())),
        "n_taxa": len(largest),
        "n_one_sided": int((largest > 0.5).sum()),
    }


def by_picture(attention: pd.DataFrame, files: set[str]) -> pd.DataFrame:
    """Add up the weights of each image and its altered copies.

    Parameters
    ----------
    attention : DataFrame
        Columns ``taxon``, ``image`` (as ``phylolens.specimens.resample.view_id`` names it) and
        ``weight``, which adds up to 1 in each taxon.
    files : set of str
        Files of the images; a file whose own name looks like a copy's is an image.

    Returns
    -------
    DataFrame
        Columns ``taxon``, ``picture``, ``weight`` and ``times``, the weight as a multiple of an
        even share among the images of the taxon.
    """
    original = attention["image"].str.replace(COPY, "", regex=True)
    picture = attention["image"].where(attention["image"].isin(files), original)
    named = attention.assign(picture=picture)
    found = named.groupby(["taxon", "picture"], as_index=False, sort=True)["weight"].sum()
    found["times"] = found["weight"] * found.groupby("taxon")["weight"].transform("size")
    return found


def _ends(taxon: str, rows: pd.DataFrame) -> dict[str, Any]:
    ordered = rows.sort_values(["times", "picture"], ascending=[False, True])
    ends = {"most": ordered.head(GALLERY_IMAGES), "least": ordered.tail(GALLERY_IMAGES)}
    return {"taxon": taxon} | {
        end: [
            {"file": row.picture, "times": _times(row.times), "end": end}
            for row in found.itertuples()
        ]
        for end, found in ends.items()
    }


def _times(value: float) -> str:
    return number(value) if value >= 0.01 else "<0.01"
