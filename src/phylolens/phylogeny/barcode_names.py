"""Which taxon each barcode stands for, by the fields of its header.

A header is one id (of a specimen or an image), one name of a taxon, an accession with a name behind
it, or fields between bars as BOLD writes them (``processid|taxon|marker``). A specimen is looked up
in the table. Every field may place a sequence; two that disagree stop the run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

import pandas as pd

from phylolens.errors import InputError, Problem, some
from phylolens.phylogeny.placing import GENUS, GIVEN, NoneMatch, Placing
from phylolens.specimens.names import key
from phylolens.taxonomy import lineages

SPECIMEN, TAXON, GENUS_WORD = "specimens of the table", "names of taxa", "genus"


def fields(header: str) -> list[str]:
    """Return the parts of a header that may be an id or a name.

    Examples
    --------
    >>> fields("B1|Arca noae|COI-5P")
    ['B1|Arca noae|COI-5P', 'B1', 'Arca noae', 'COI-5P']
    >>> fields("MN1.1 Arca noae voucher A7")
    ['MN1.1 Arca noae voucher A7', 'MN1.1', 'Arca noae']
    """
    if "|" in header:
        found = [header, *(part.strip() for part in header.split("|"))]
    else:
        words = header.split()
        found = [header, words[0], " ".join(words[1:3])]
    return [part for part in dict.fromkeys(found) if part]


def place_barcodes(
    headers: Sequence[str],
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    given: Mapping[str, str] | None = None,
) -> Placing:
    """Find the taxon of ``rank`` that each barcode stands for.

    Parameters
    ----------
    headers : sequence of str
        Of the sequences.
    table : DataFrame
        ``file``, ``specimen_id`` and rank columns.
    ranks : tuple of str
        Coarse to fine.
    rank : str
        The rank of comparison.
    given : mapping of str to str, optional
        A header, or a field of it, to the name of a taxon, from ``--matches``.

    Returns
    -------
    Placing
        All sequences of a taxon count. Of another species of a genus only those whose genus has no
        sequence of its own.

    Raises
    ------
    NoneMatch
        If no header names a specimen or taxon of the table.
    InputError
        If a header names two taxa, or ``given`` names what is not there.
    """
    taxa = _taxa(table, ranks, rank)
    chosen = _chosen(headers, taxa, table, ranks, given or {})
    specimens = _specimens(table, rank)
    placed: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    for header in headers:
        hits = dict(_hits(header, chosen, specimens, taxa))
        if len(set(hits.values())) > 1 and GIVEN not in hits:
            raise _two_taxa(header, hits)
        if hits:
            kind = next(iter(hits))
            placed[header] = hits[kind]
            kinds[kind] += 1
    notes = _place_genera(headers, table, ranks, rank, placed, kinds)
    if not placed:
        raise _nothing(headers, table, rank)
    reasons = {
        header: "its header names no specimen or taxon of the table, or one without a taxon of "
        f"rank {rank}"
        for header in headers
        if header not in placed
    }
    return Placing(placed, rank, dict(kinds), reasons, notes)


def _hits(header: str, *sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Kind and taxon of each field that is known, the user's own matches first."""
    for kind, source in zip((GIVEN, SPECIMEN, TAXON), sources, strict=True):
        for field in fields(header):
            name = field if kind == SPECIMEN else key(field)
            if name in source:
                yield kind, source[name]
                break


def _taxa(table: pd.DataFrame, ranks: tuple[str, ...], rank: str) -> dict[str, str]:
    """Names of ``rank`` and finer ranks, normalised, to their taxon of ``rank``."""
    found: dict[str, str] = {}
    for column in ranks[ranks.index(rank) :]:
        found |= {key(name): taxon for name, taxon in _parents(table, column, rank).items()}
    return found


def _parents(table: pd.DataFrame, fine: str, coarse: str) -> dict[str, str]:
    if fine == coarse:
        return {taxon: taxon for taxon in table[fine].dropna().unique()}
    return dict(lineages(table, (coarse, fine), fine)[coarse].dropna())


def _specimens(table: pd.DataFrame, rank: str) -> dict[str, str]:
    """Ids of specimens and names of files, as written, to their taxon; none where two differ."""
    known = table[table[rank].notna()]
    found: dict[str, set[str]] = {}
    for column in ("specimen_id", "file"):
        if column not in known:
            continue
        for name, taxon in zip(known[column].astype(str), known[rank], strict=True):
            for form in {name, PurePath(name).name, PurePath(name).stem}:
                found.setdefault(form, set()).add(taxon)
    return {name: next(iter(taxa)) for name, taxa in found.items() if len(taxa) == 1}


def _chosen(
    headers: Sequence[str],
    taxa: Mapping[str, str],
    table: pd.DataFrame,
    ranks: Sequence[str],
    given: Mapping[str, str],
) -> dict[str, str]:
    """Hold the user's matches against both sides; candidates coarser than the rank place none."""
    known = {key(field) for header in headers for field in fields(header)}
    if lost := [name for name in given if key(name) not in known]:
        raise InputError(
            "names that are in no header of the barcodes.",
            where="--matches",
            ids=lost,
            hint="The column 'name' holds headers, or one field of them.",
        )
    every = {key(name) for rank in ranks for name in table[rank].dropna().unique()}
    if foreign := [candidate for candidate in given.values() if key(candidate) not in every]:
        raise InputError(
            "candidates that are no taxon of the table.",
            where="--matches",
            ids=foreign,
            hint="The column 'candidate' holds taxa of the table; leave it blank for none.",
        )
    return {key(name): taxa[key(one)] for name, one in given.items() if key(one) in taxa}


def _place_genera(
    headers: Sequence[str],
    table: pd.DataFrame,
    ranks: tuple[str, ...],
    rank: str,
    placed: dict[str, str],
    kinds: Counter[str],
) -> tuple[Problem, ...]:
    """Place taxa without a sequence by other species of their genus, and say so."""
    if GENUS not in ranks or ranks.index(rank) > ranks.index(GENUS):
        return ()
    genera = {key(one): taxon for one, taxon in _parents(table, GENUS, rank).items()}
    taken, new = set(placed.values()), {}
    for header in headers:
        if header in placed:
            continue
        words = [key(field.split()[0]) for field in fields(header) if len(field.split()) > 1]
        found = {genera[word] for word in words if word in genera} - taken
        if len(found) == 1:
            new[header] = found.pop()
    placed |= new
    if not new:
        return ()
    kinds[GENUS_WORD] = len(new)
    said = "barcodes of other species of a genus stand for it, as none of the table has one"
    return (Problem("genus-barcodes", "note", said, tuple(f"{h} as {new[h]}" for h in new)),)


def _two_taxa(header: str, hits: Mapping[str, str]) -> InputError:
    told = " but ".join(f"{taxon} by {kind}" for kind, taxon in hits.items())
    return InputError(
        f"a barcode stands for two taxa: {told}.",
        where="--barcodes",
        ids=[header],
        hint="Correct the header or the table, or say which in a table for --matches.",
    )


def _nothing(headers: Sequence[str], table: pd.DataFrame, rank: str) -> NoneMatch:
    return NoneMatch(
        "no header of the barcodes names a specimen or taxon of the images, whose "
        f"{rank} are {some(table[rank].dropna().unique(), 3)}.",
        where="--barcodes",
        ids=headers,
        hint="Write the specimen_id, the file, the name of a taxon, or fields between bars "
        "(processid|taxon|marker).",
    )
