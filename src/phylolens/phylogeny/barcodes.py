"""Read DNA barcodes: a FASTA file of one marker, one sequence a record.

The name of a sequence is its whole header. Which specimen or taxon it stands for is found later
(:mod:`phylolens.phylogeny.barcode_names`), so that nothing hangs on one database's way to write it.
"""

import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from skbio import DNA, Sequence
from skbio.io import FASTAFormatError
from skbio.io import read as read_records

from phylolens.errors import InputError
from phylolens.reading.text import read_text, require_regular

HINT = "Give an existing FASTA file to --barcodes."
IUPAC = frozenset("ACGTRYSWKMBDHVN-.")
_EMPTY = re.compile(r"^>([^\n]*)\n(?=\s*(?:>|\Z))", re.MULTILINE)
# Markers as BOLD and GenBank headers name them, in a field of their own.
_MARKER = re.compile(
    r"(?:CO(?:X)?(?:I{1,3}|1|2|3)|COI-[35]P|CYTB|COB|ND[1-6]L?|ATP[68]|(?:12|16|18|23|28)S(?:-\w+)?"
    r"|ITS[12]?|MATK|RBCLA?|TRN[A-Z]-?\w*|PSBA|H3|EF1A?)",
    re.IGNORECASE,
)


def read_barcodes(path: str | Path) -> dict[str, DNA]:
    r"""Read DNA barcodes from a FASTA file.

    Letters may be small; ``?`` counts as ``N``. Gaps stay where they are. The order is that of
    the file.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict of str to skbio.DNA
        By header, without the ``>``.

    Raises
    ------
    InputError
        If the file holds no FASTA records, a header is blank or comes twice, a sequence is empty,
        holds no base or other signs than those of DNA, or headers name several markers.

    Examples
    --------
    >>> from pathlib import Path
    >>> from phylolens.phylogeny import read_barcodes
    >>> _ = Path("coi.fasta").write_text(">B1|Arca noae|COI-5P\nACGT-A\n>B2|Mya arenaria\nacgtta\n")
    >>> {name: str(sequence) for name, sequence in read_barcodes("coi.fasta").items()}
    {'B1|Arca noae|COI-5P': 'ACGT-A', 'B2|Mya arenaria': 'ACGTTA'}
    """
    path = Path(path)
    require_regular(path, HINT)
    if path.suffix.lower() in (".gz", ".zip"):
        raise InputError("the file is packed.", where=path, hint="Unpack it first.")
    records = _records(read_text(path, HINT), path)
    _require_headers([header for header, _ in records], path)
    letters = {header: text.upper().replace("?", "N") for header, text in records}
    _require_dna(letters, path)
    _require_one_marker(letters, path)
    return {header: DNA(text) for header, text in letters.items()}


def is_aligned(sequences: Mapping[str, DNA]) -> bool:
    """Whether all sequences have one length, gaps included.

    Parameters
    ----------
    sequences : mapping of str to skbio.DNA
    """
    return len({len(sequence) for sequence in sequences.values()}) == 1


def with_ambiguous_bases(sequences: Mapping[str, DNA]) -> list[str]:
    """Name the sequences with letters such as N that leave a base open.

    Parameters
    ----------
    sequences : mapping of str to skbio.DNA
    """
    return [name for name, one in sequences.items() if bool(np.any(one.degenerates()))]


def _records(text: str, path: Path) -> list[tuple[str, str]]:
    """Header and letters of each record, as written."""
    if not text.strip():
        raise InputError("the file is empty.", where=path, hint=HINT)
    if not text.lstrip().startswith(">"):
        raise InputError(
            f"a FASTA file begins with '>'; this one begins with {text.lstrip()[:20]!r}.",
            where=path,
            hint="Export the sequences as FASTA; a tree goes to --tree, a matrix to --distances.",
        )
    if empty := [header.strip() for header in _EMPTY.findall(text + "\n")]:
        raise InputError(
            "sequences without any letter.",
            where=path,
            ids=empty,
            hint="Remove these records or fill them.",
        )
    try:
        found = list(
            read_records(io.StringIO(text), format="fasta", constructor=Sequence, verify=False)
        )
    except (FASTAFormatError, ValueError, UnicodeEncodeError) as error:
        raise InputError(f"this cannot be read as FASTA ({error}).", where=path) from error
    return [(_header(one.metadata), str(one)) for one in found]


def _header(metadata: Mapping[str, str]) -> str:
    return f"{metadata['id']} {metadata['description']}".strip()


def _require_headers(headers: list[str], path: Path) -> None:
    if blank := sum(not header for header in headers):
        raise InputError(
            f"{blank} sequences have a blank header.",
            where=path,
            hint="Each needs the id of a specimen, the name of a taxon, or both.",
        )
    if repeated := [header for header, n in Counter(headers).items() if n > 1]:
        raise InputError(
            "headers that come more than once.",
            where=path,
            ids=repeated,
            hint="Name each sequence once; several of one taxon are told apart by a further field, "
            "such as 'B1|Arca noae' and 'B2|Arca noae'.",
        )


def _require_dna(letters: Mapping[str, str], path: Path) -> None:
    foreign = {header: set(text) - IUPAC for header, text in letters.items()}
    if wrong := [header for header, signs in foreign.items() if signs]:
        signs = sorted(set().union(*foreign.values()))
        hint = "Replace U by T." if signs == ["U"] else "Proteins and qualities are not read."
        raise InputError(
            f"letters that are none of DNA: {' '.join(signs)}.", where=path, ids=wrong, hint=hint
        )
    if bare := [header for header, text in letters.items() if not set(text) & set("ACGT")]:
        raise InputError(
            "sequences of gaps and unknown bases only.",
            where=path,
            ids=bare,
            hint="Remove these records.",
        )


def _require_one_marker(letters: Mapping[str, str], path: Path) -> None:
    """Refuse headers that name several markers: their sequences cannot be compared."""
    named = Counter(
        field.strip().upper()
        for header in letters
        for field in header.split("|")[1:]
        if _MARKER.fullmatch(field.strip())
    )
    if len(named) > 1:
        counts = ", ".join(f"{marker} ({n})" for marker, n in named.most_common())
        raise InputError(
            f"sequences of several markers: {counts}.",
            where=path,
            hint="Keep those of one marker; distances between two markers mean nothing.",
        )
