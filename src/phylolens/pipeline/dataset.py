"""What a run works on: usable specimens, ranks, and genetic distances at the rank of comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from phylolens.embedding.feature_file import FeatureFile, read_feature_file
from phylolens.errors import InputError, Problem
from phylolens.phylogeny import Phylogeny, RankedDistances, to_rank
from phylolens.phylogeny.barcode_rank import RankedBarcodes
from phylolens.pipeline.genetic_side import genetic_side
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress
from phylolens.provenance import text_hash
from phylolens.report.own_results import sign
from phylolens.results.check import CheckResult
from phylolens.results.confounds import ConfoundColumn
from phylolens.specimens import (
    Specimens,
    read_specimens,
    specimens_of_labels,
    usable,
    validate,
    without_bad,
)
from phylolens.specimens.feature_ids import match_ids
from phylolens.specimens.other_columns import FILE_FACTS, OWN
from phylolens.stats.confounds import read_columns
from phylolens.taxonomy import lineages, require_rank
from phylolens.values import Features
from phylolens.writing import replacing

SHOWN_VALUES = 4  # of a possible confound, with the number of taxa of each


@dataclass(frozen=True)
class Dataset:
    """Everything the stages share.

    Parameters
    ----------
    table : DataFrame
        One row an image (or taxon): ``file``, ``path``, ``specimen_id``, ranks.
    ranks : tuple of str
        Coarse to fine.
    rank : str
        Rank of comparison.
    ranked : RankedDistances or None
        Genetic distances; None without a phylogeny.
    given : Features or None
        Features from a file, rows named as ``table['file']``.
    taxon_level : bool
        Whether rows are taxa rather than images.
    data_hash : str
        Hash of images or features, with their labels.
    summary : dict
        Counts and problems, as ``--json`` prints them.
    described : DataFrame
        The rows as described in the table: ``file``, ranks and ``others``. Of features of taxa all
        rows of these taxa.
    others : tuple of str
        Columns that are no rank and may be confounds.
    barcodes : RankedBarcodes or None
        Of sequences: the same distances as ``ranked``, or others beside a tree or matrix.
    """

    table: pd.DataFrame
    ranks: tuple[str, ...]
    rank: str
    ranked: RankedDistances | None
    given: Features | None
    taxon_level: bool
    data_hash: str
    summary: dict[str, Any] = field(default_factory=dict)
    described: pd.DataFrame = field(default_factory=pd.DataFrame)
    others: tuple[str, ...] = ()
    barcodes: RankedBarcodes | None = None

    def lineage(self, taxa: Sequence[str]) -> pd.DataFrame | None:
        """Lineages of ``taxa`` over the coarser ranks; None when there is no coarser rank."""
        if self.ranks.index(self.rank) == 0:
            return None
        return lineages(self.table, self.ranks, self.rank).loc[list(taxa)]

    def require_ranks(self, ranks: Sequence[str]) -> None:
        """Raise :class:`InputError` unless all ``ranks`` were read."""
        for rank in ranks:
            require_rank(self.ranks, rank, where="--at")


def gather(
    settings: Settings, progress: Progress, failed: Mapping[str, str] | None = None
) -> Dataset:
    """Read and validate the inputs; write ``check.json`` and ``specimens.parquet``.

    Parameters
    ----------
    settings : Settings
        What to read.
    progress : callable
        Told how many images were looked at.
    failed : mapping of str to str, optional
        Why files could not be embedded after all; they count as unreadable.

    Raises
    ------
    InputError
        If something cannot be used. ``check.json`` is written before, so that all problems of the
        specimens can be read there.
    """
    file = read_feature_file(settings.features, ids=settings.ids) if settings.features else None
    given = file.features if file else None
    specimens = _read(settings, file, progress)
    if file is not None:
        specimens = replace(specimens, problems=(*file.notes, *specimens.problems))
    if failed:
        message = f"images that could not be embedded: {next(iter(failed.values()))}"
        problem = Problem("unreadable-image", "error", message, tuple(sorted(failed)))
        specimens = replace(specimens, problems=(*specimens.problems, problem))
    matched = _matched(settings, specimens, given)
    labels, kept, rank, described = (
        matched.labels,
        matched.kept,
        matched.rank,
        matched.described,
    )
    report = _report(settings, matched.specimens, kept)
    report |= _confounds(settings, described, rank, labels.others, None)
    check = CheckResult.of(report)
    check.write(settings.out)
    # Labels first: with wrong ones, what a phylogeny lacks would be a false trail.
    usable(matched.specimens, skip_bad=settings.skip_bad)
    ranked = barcodes = None
    _require_use(settings)
    if settings.has_phylogeny:
        side = genetic_side(settings, _tip_labels(labels, kept, rank), labels.ranks, rank, progress)
        ranked, barcodes = side.ranked, side.barcodes
        report["problems"] += [note.to_dict() for note in side.notes]
        taxa = ranked.distances.ids
        report |= _confounds(settings, described, rank, labels.others, taxa)
        report |= {"phylogeny": ranked.to_dict() | {"source": side.source}}
        if barcodes is not None:
            report |= {"barcodes": barcodes.found.to_dict()}
        check = CheckResult.of(report)
        check.write(settings.out)
    _write_table(settings, kept)
    return matched.with_phylogeny(ranked, _summary(check), barcodes)


def dataset_of(
    settings: Settings, features: Features, labels: Specimens | None, phylogeny: Phylogeny
) -> Dataset:
    """Match features, labels and a phylogeny in memory; nothing is written.

    Parameters
    ----------
    settings : Settings
        ``rank`` and ``confound`` of them.
    features : Features
        Rows of images, specimens or taxa.
    labels : Specimens, optional
        Without them the ids of the features are taxa.
    phylogeny : TreeNode or DistanceMatrix

    Raises
    ------
    InputError
        As :func:`gather` does.
    """
    if labels is None:
        rank = settings.rank or "taxon"
        ids = list(features.ids)
        table = pd.DataFrame({"file": ids, "specimen_id": ids, rank: ids})
        labels = Specimens(table, (rank,))
    matched = _matched(settings, labels, features)
    usable(matched.specimens, skip_bad=settings.skip_bad)
    tips = _tip_labels(matched.labels, matched.kept, matched.rank)
    ranked = to_rank(phylogeny, tips, matched.labels.ranks, matched.rank)
    return matched.with_phylogeny(ranked, {})


@dataclass(frozen=True)
class _Matched:
    """Labels and features brought to the same rows.

    ``labels`` are all rows as labelled, ``specimens`` those that have features, ``kept`` the good
    ones among them, ``described`` their rows with all that the table says.
    """

    labels: Specimens
    specimens: Specimens
    kept: Specimens
    described: pd.DataFrame
    given: Features | None
    rank: str

    def with_phylogeny(
        self,
        ranked: RankedDistances | None,
        summary: dict[str, Any],
        barcodes: RankedBarcodes | None = None,
    ) -> Dataset:
        table = self.kept.table
        return Dataset(
            table=table,
            ranks=self.kept.ranks,
            rank=self.rank,
            ranked=ranked,
            given=self.given,
            taxon_level=bool((table["file"] == table[self.rank]).all()),
            data_hash=_data_hash(self.kept),
            summary=summary,
            described=self.described,
            others=self.labels.others,
            barcodes=barcodes,
        )


def _matched(settings: Settings, labels: Specimens, given: Features | None) -> _Matched:
    # The order of rows in the input is no information, so it must not change a result.
    labels = replace(labels, table=labels.table.sort_values("file", ignore_index=True))
    rank, specimens = _rank_of(settings, labels), labels
    if given is not None:
        specimens, given = _match(specimens, given, rank)
    kept = without_bad(specimens)
    described = _described(labels, kept, rank)
    return _Matched(labels, specimens, _without_others(kept), described, given, rank)


def _require_use(settings: Settings) -> None:
    """Refuse a distance between barcodes where there are none."""
    if settings.barcodes is None and settings.genetic != Settings.model_fields["genetic"].default:
        raise InputError(
            f"'{settings.genetic}' is a distance between barcodes, and none are given.",
            where="--genetic",
            hint="Give --barcodes FILE, or leave it out.",
        )


def _rank_of(settings: Settings, specimens: Specimens) -> str:
    """Choose the rank of comparison: the one asked for, family, or the finest."""
    rank = settings.rank or ("family" if "family" in specimens.ranks else specimens.ranks[-1])
    _require_rank(specimens, rank)
    return rank


def _require_rank(specimens: Specimens, rank: str) -> None:
    """Refuse a rank that was not read, and say when its column is there but blank."""
    blank = {name for p in specimens.problems if p.kind == "blank-rank" for name in p.ids}
    if rank in blank:
        raise InputError(f"the column '{rank}' has no value.", where="--rank")
    require_rank(specimens.ranks, rank)


def _tip_labels(labels: Specimens, kept: Specimens, rank: str) -> pd.DataFrame:
    """Rows that place tips in the taxa worked on.

    Features of taxa leave one row a taxon, but the tips may be species: the whole table knows them.
    """
    if labels.ranks == kept.ranks:
        return kept.table
    return labels.table[labels.table[rank].isin(kept.table[rank])]


def _described(labels: Specimens, kept: Specimens, rank: str) -> pd.DataFrame:
    """Rows with all that the table says of them; of features of taxa, all rows of these taxa."""
    if set(labels.others) <= set(kept.table):
        return kept.table
    return labels.table[labels.table[rank].isin(kept.table[rank])]


def _read(settings: Settings, file: FeatureFile | None, progress: Progress) -> Specimens:
    if settings.meta is None and settings.images is None and file is not None:
        ids = file.features.ids
        labelled = specimens_of_labels(file.labels, ids, settings.ranks, settings.features)
        if labelled is not None:
            return validate(labelled, look=False)
        rank = settings.rank or (settings.ranks or ("taxon",))[-1]
        table = pd.DataFrame({"file": ids, "specimen_id": ids, rank: ids})
        return Specimens(table, (rank,))
    specimens = read_specimens(
        meta=settings.meta,
        images=settings.images,
        pattern=settings.pattern,
        ranks=settings.ranks,
        need_files=file is None,
        results=settings.out,
    )
    return validate(specimens, look=file is None, progress=progress)


def _match(specimens: Specimens, given: Features, rank: str) -> tuple[Specimens, Features]:
    """Align features with rows by file, specimen or taxon, whichever their ids are."""
    problems = list(specimens.problems)
    table = specimens.table
    by, given, said = match_ids(table, given, rank)
    problems += said
    ids = set(given.ids)
    if by == rank:
        lineage = lineages(table, specimens.ranks, rank)
        ranks = tuple(lineage.columns)
        table = lineage.reset_index(drop=True).assign(file=lineage.index, specimen_id=lineage.index)
    else:
        ranks = specimens.ranks
        table = table.drop_duplicates(by).assign(file=lambda rows: rows[by])
    shown = table["file"].isin(ids)
    without = tuple(table["file"][~shown])
    unknown = tuple(sorted(ids - set(table["file"])))
    if without:
        problems.append(Problem("no-features", "warning", "rows without features", without))
    if unknown:
        problems.append(Problem("no-row", "warning", "features without a row", unknown))
    table = table[shown].reset_index(drop=True)
    given = given.take(list(table["file"]))
    if copies := _repeated(given):
        message = (
            "rows with the same features as another; if they show the same image, scores of "
            "classification are too good"
        )
        problems.append(Problem("repeated-features", "warning", message, copies))
    return replace(specimens, table=table, ranks=ranks, problems=tuple(problems)), given


def _repeated(features: Features) -> tuple[str, ...]:
    """Rows equal to another row; images are held against each other by content instead."""
    rows = pd.Series([hash(row.tobytes()) for row in features.matrix], index=features.ids)
    return tuple(rows.index[rows.duplicated(keep=False)])


def _report(settings: Settings, specimens: Specimens, kept: Specimens) -> dict[str, Any]:
    """Say what was read and what was wrong, as ``check.json`` holds it."""
    table = kept.table
    classes = {
        rank: {
            "n_taxa": int(table[rank].nunique()),
            "n_unknown": int(table[rank].isna().sum()),
            "counts": table[rank].value_counts().sort_index().to_dict(),
        }
        for rank in kept.ranks
    }
    left_out = sorted(set(specimens.table["file"]) - set(table["file"]))
    return {
        "specimens": {
            "n_images": len(specimens),
            "n_usable": len(kept),
            "n_specimens": int(table["specimen_id"].nunique()),
            "has_specimen_ids": specimens.has_specimen_ids,
            "pictures": settings.features is None,
            "ranks": list(kept.ranks),
            "ranks_read": specimens.ranks_read,
            "examples": specimens.examples,
            "classes": classes,
        },
        "problems": [problem.to_dict() for problem in specimens.problems],
        "left_out": {"images": left_out},
        "phylogeny": None,
    }


def _confounds(
    settings: Settings,
    described: pd.DataFrame,
    rank: str,
    others: tuple[str, ...],
    taxa: Sequence[str] | None,
) -> dict[str, Any]:
    """Name columns that may make taxa look alike; see :mod:`phylolens.stats.confounds`."""
    columns = read_columns(described, rank, others, taxa=taxa, asked=settings.confound)
    return {
        "confounds": {
            "asked": None if settings.confound is None else list(settings.confound),
            "columns": [column.result.to_dict() for column in columns],
        }
    }


def _without_others(kept: Specimens) -> Specimens:
    """Leave out the columns that are no labels; they have no part in what follows."""
    gone = set(kept.others) | set(FILE_FACTS)
    return replace(kept, table=kept.table[[n for n in kept.table if n not in gone - set(OWN)]])


def _summary(check: CheckResult) -> dict[str, Any]:
    """Reduce to counts: full lists of ids stay in ``check.json``."""
    specimens = check.specimens
    assert specimens is not None
    summary: dict[str, Any] = {
        "n_images": specimens.n_images,
        "n_usable": specimens.n_usable,
        "ranks_read": specimens.ranks_read,
        "examples": specimens.examples,
        "n_taxa": {rank: counts.n_taxa for rank, counts in specimens.classes.items()},
        "problems": [one.to_dict() | {"ids": one.ids[:5]} for one in check.problems],
    }
    if check.phylogeny:
        shown = ("rank", "tip_rank", "n_taxa", "no_phylogeny", "no_taxon", "matched_by", "rooted")
        summary["phylogeny"] = {key: getattr(check.phylogeny, key) for key in shown}
    if check.barcodes:
        summary["barcodes"] = check.barcodes.to_dict()
    named = [one for one in check.confounds.columns if one.named or one.asked]
    if named:
        summary["possible_confounds"] = [_confound_line(one) for one in named]
    return summary


def _confound_line(column: ConfoundColumn) -> dict[str, Any]:
    """Sum a column up in one line."""
    values = [f"{one.value} {one.n_taxa}" for one in column.values[:SHOWN_VALUES]]
    more = (column.n_values or 0) - len(values)
    return {
        "column": column.column,
        "constant_in_taxa": f"{100 * (column.constant or 0):.0f}%",
        "taxa_of_each_value": "; ".join(values) + (f"; {more} more" if more > 0 else ""),
    }


def _write_table(settings: Settings, kept: Specimens) -> None:
    table = kept.table.copy()
    if "path" in table:
        table["path"] = [str(path.resolve()) for path in table["path"]]
    path = settings.out / "specimens.parquet"
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    sign(path)


def _data_hash(kept: Specimens) -> str:
    """Hash of images and labels, whatever the order and the place of the files."""
    columns = [name for name in ("file", "sha256", *kept.ranks) if name in kept.table]
    rows = kept.table[columns].fillna("").astype(str).agg("\t".join, axis=1)
    return text_hash(sorted(rows))
