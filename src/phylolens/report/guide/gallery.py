"""Which pictures carry the guided embedding: a picture weighs what it and its copies weigh."""

from typing import Any

import pandas as pd

from phylolens.report.results import Results
from phylolens.report.wording import number

GALLERY_TAXA, GALLERY_IMAGES = 6, 2
COPY = r"#[^#]*-[0-9]+$"  # altered copies are named picture#alteration-number


def about_gallery(results: Results) -> dict[str, Any] | None:
    """Pictures that weigh most and least, in the taxa with the heaviest; None without pictures."""
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
    """Add up the weights of each picture and its altered copies.

    Parameters
    ----------
    attention : DataFrame
        Columns ``taxon``, ``image`` (as ``phylolens.specimens.resample.view_id`` names it) and
        ``weight``, which adds up to 1 in each taxon.
    files : set of str
        Files of the pictures; a file whose own name looks like a copy's is a picture.

    Returns
    -------
    DataFrame
        Columns ``taxon``, ``picture``, ``weight`` and ``times``, the weight as a multiple of an
        even share among the pictures of the taxon.
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
