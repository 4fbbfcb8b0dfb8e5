"""The part of a study that a guided embedding may learn from: rows kept for testing stay out."""

from dataclasses import replace

from phylolens.errors import TooFew
from phylolens.pipeline.dataset import Dataset
from phylolens.specimens.split import check_given_split

SPLIT = "split"


def training_part(dataset: Dataset) -> tuple[Dataset, int]:
    """Obey a column ``split``: leave out what is to be tested on, and rows without a value.

    Returns
    -------
    Dataset
        With the taxa that have training rows.
    n_kept_out : int
        Rows left out.

    Raises
    ------
    InputError
        If the column has other values than ``train`` and ``test``, or tears a specimen.
    TooFew
        If fewer than three taxa have training rows.
    """
    table, ranked = dataset.table, dataset.ranked
    if ranked is None or SPLIT not in table or not table[SPLIT].notna().any():
        return dataset, 0
    check_given_split(table)
    kept = table[table[SPLIT].str.lower() == "train"].reset_index(drop=True)
    taxa = sorted(set(kept[dataset.rank].dropna()) & set(ranked.distances.ids))
    lost = set(ranked.distances.ids) - set(taxa)
    if len(taxa) < 3:
        raise TooFew(
            f"{len(taxa)} taxa of rank {dataset.rank} have rows that 'split' calls 'train'; "
            "guiding needs at least three.",
            ids=taxa,
        )
    ranked = replace(
        ranked,
        distances=ranked.distances.filter(taxa),
        no_taxon=tuple(sorted({*ranked.no_taxon, *lost})),
    )
    return replace(dataset, table=kept, ranked=ranked), len(table) - len(kept)
