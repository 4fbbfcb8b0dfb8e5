"""The images that carry a fit: those that weigh most and least."""

from dataclasses import dataclass

import pandas as pd

from phylolens.report.results import Results
from phylolens.report.text import number

GALLERY_TAXA, GALLERY_IMAGES = 6, 2
COPY = r"#[^#]*-[0-9]+$"  # altered copies are named image#alteration-number


@dataclass(frozen=True)
class GalleryImage:
    """An image, how much it weighs, and at which ``end`` (``most`` or ``least``)."""

    file: str
    times: str
    end: str


@dataclass(frozen=True)
class GalleryTaxon:
    """A taxon with the images that weigh most and least."""

    taxon: str
    most: list[GalleryImage]
    least: list[GalleryImage]


@dataclass(frozen=True)
class Gallery:
    """Images that weigh most and least.

    Parameters
    ----------
    learner : str
        That weighs them.
    taxa : list of GalleryTaxon
        With the heaviest image first.
    fewest : int
        Images of each of them, at least.
    largest : str
        The largest weight of all, as a multiple of an even share.
    n_taxa, n_one_sided : int
        Taxa of several images, and those of which one image carries more than half.
    """

    learner: str
    taxa: list[GalleryTaxon]
    fewest: int
    largest: str
    n_taxa: int
    n_one_sided: int


def about_gallery(results: Results) -> Gallery | None:
    """Images that weigh most and least, in the taxa with the heaviest; None without images."""
    table, known = results.table("guide/attention.csv", numbers=("weight",)), results.specimens
    if table is None or known is None or not results.has_images:
        return None
    files = set(known["file"])
    images = by_image(table, files)
    n_images = images.groupby("taxon")["file"].transform("size")
    enough = n_images >= 2 * GALLERY_IMAGES
    there = images["file"].isin(files).groupby(images["taxon"]).transform("all")
    shown = images[enough & there]
    if shown.empty:
        return None
    heaviest = shown.groupby("taxon")["times"].max()
    ordered = sorted(heaviest.index, key=lambda taxon: (-heaviest[taxon], taxon))[:GALLERY_TAXA]
    largest = images[n_images > 1].groupby("taxon")["weight"].max()
    return Gallery(
        learner=(results.guide.weighed_by if results.guide else None) or "",
        taxa=[_ends(taxon, shown[shown["taxon"] == taxon]) for taxon in ordered],
        fewest=2 * GALLERY_IMAGES,
        largest=_times(float(heaviest.max())),
        n_taxa=len(largest),
        n_one_sided=int((largest > 0.5).sum()),
    )


def by_image(attention: pd.DataFrame, files: set[str]) -> pd.DataFrame:
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
        Columns ``taxon``, ``file``, ``weight`` and ``times``, the weight as a multiple of an
        even share among the images of the taxon.
    """
    original = attention["image"].str.replace(COPY, "", regex=True)
    file = attention["image"].where(attention["image"].isin(files), original)
    named = attention.assign(file=file)
    found = named.groupby(["taxon", "file"], as_index=False, sort=True)["weight"].sum()
    found["times"] = found["weight"] * found.groupby("taxon")["weight"].transform("size")
    return found


def _ends(taxon: str, rows: pd.DataFrame) -> GalleryTaxon:
    ordered = rows.sort_values(["times", "file"], ascending=[False, True])
    most, least = (
        [GalleryImage(row.file, _times(row.times), end) for row in some.itertuples()]
        for end, some in (("most", ordered.head(GALLERY_IMAGES)),
                          ("least", ordered.tail(GALLERY_IMAGES)))
    )  # fmt: skip
    return GalleryTaxon(taxon, most, least)


def _times(value: float) -> str:
    return number(value) if value >= 0.01 else "<0.01"
