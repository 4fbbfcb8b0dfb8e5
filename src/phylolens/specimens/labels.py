"""From cells to classes: unknown values blanked, spellings of one name merged, epithets joined.

Each step says what it did, by name and number of rows; none of them drops a row.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import pandas as pd

from phylolens.errors import Problem, some
from phylolens.specimens import unknown
from phylolens.specimens.names import key, split_authorship, well_formed
from phylolens.specimens.near_names import near_names
from phylolens.specimens.unknown import read_label

GENUS, SPECIES = "genus", "species"
SHOWN = 4  # spellings of a name
_SAID = {
    unknown.MISSING: "signs that nothing is known (such as NA or a dash) are no names",
    unknown.PLACEHOLDER: "placeholders name no taxon and are unknown",
    unknown.NO_SPECIES: "names in open nomenclature (sp., spp., indet.) are no species; the genus "
    "counts, the species is unknown",
    unknown.UNSURE: "uncertain names (cf., aff., nr., ?) are unknown here; coarser ranks count",
    unknown.NUMBERED: "numbered morphospecies are kept as taxa of their own",
}


def clean_labels(
    table: pd.DataFrame, ranks: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Turn the rank columns into classes.

    Parameters
    ----------
    table : DataFrame
        One row an image; the rank columns hold text as written, None where blank.
    ranks : sequence of str
        Coarse to fine.

    Returns
    -------
    table : DataFrame
        A copy with canonical names; None is unknown.
    problems : tuple of Problem
        What was blanked, joined, merged or is worth a second look.
    """
    written, table, problems = table, table.copy(), []
    for rank in ranks:
        table[rank], found = _blanked(table[rank], rank)
        problems += found
    for rank in ranks:
        table[rank], found = _without_authors(table[rank], rank)
        problems += found
    for rank in ranks:
        if rank != SPECIES or GENUS not in ranks:
            table[rank] = _merged(table[rank])
    if GENUS in ranks and SPECIES in ranks:
        table[SPECIES], found = _joined(table[GENUS], table[SPECIES])
        problems += found
        table[SPECIES] = _merged(table[SPECIES])
    for rank in ranks:
        problems += _spellings(written[rank], table[rank], rank)
        problems += _near(table, ranks, rank)
    return table, tuple(problems)


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"


def _mapped(column: pd.Series, names: dict[str, str | None]) -> pd.Series:
    found = [None if value is None else names[value] for value in column]
    return pd.Series(found, index=column.index, dtype=object, name=column.name)


def _counted(column: pd.Series) -> Counter[str]:
    return Counter(value for value in column if value is not None)


def _blanked(column: pd.Series, rank: str) -> tuple[pd.Series, list[Problem]]:
    counts = _counted(column)
    read = {value: read_label(value, rank) for value in counts}
    problems = []
    for why, said in _SAID.items():
        values = sorted(value for value, one in read.items() if one.why == why)
        if values:
            n = sum(counts[value] for value in values)
            named = tuple(f"{value} ({_rows(counts[value])})" for value in values)
            kind = "kept-name" if why == unknown.NUMBERED else "unknown-value"
            problems.append(Problem(kind, "note", f"{rank}: {said}; {_rows(n)}", named))
    return _mapped(column, {value: one.name for value, one in read.items()}), problems


def _without_authors(column: pd.Series, rank: str) -> tuple[pd.Series, list[Problem]]:
    split = {value: split_authorship(value) for value in _counted(column)}
    authored = sorted(value for value, (_, authors) in split.items() if authors)
    problems = []
    if authored:
        said = f"{rank}: the authorship of names is set apart"
        problems.append(Problem("authorship", "note", said, tuple(authored)))
    return _mapped(column, {value: name for value, (name, _) in split.items()}), problems


def _merged(column: pd.Series) -> pd.Series:
    """Give all spellings of a name one form: well written, most frequent, first by alphabet."""
    counts = _counted(column)
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for value in counts:
        spellings[key(value)].append(value)
    chosen: dict[str, str | None] = {}
    for values in spellings.values():
        best = min(values, key=lambda value: (not well_formed(value), -counts[value], value))
        chosen |= dict.fromkeys(values, best)
    return _mapped(column, chosen)


def _spellings(written: pd.Series, names: pd.Series, rank: str) -> list[Problem]:
    """Say which spellings became one taxon."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one, name in zip(written, names, strict=True):
        if name is not None and one is not None:
            found[name].add(one.strip())
    merged = tuple(
        f"{name} (written {some(sorted(values), SHOWN)})"
        for name, values in sorted(found.items())
        if len(values) > 1
    )
    if not merged:
        return []
    return [Problem("merged-names", "note", f"{rank}: spellings of one name are one taxon", merged)]


def _joined(genera: pd.Series, species: pd.Series) -> tuple[pd.Series, list[Problem]]:
    """Write every species of a known genus as ``Genus epithet``."""
    known = species[species.notna()]
    single = [value for value in known if " " not in value]
    # A column of capitalised single words beside genera holds epithets, too: Acer/Palmatum.
    capitals = bool(single) and len(single) == len(known)
    genus_keys = {key(genus.split(" (")[0]) for genus in genera.dropna().unique()}
    found, joined, differing, genus_alone = [], 0, Counter[str](), Counter[str]()
    for genus, value in zip(genera, species, strict=True):
        if genus is None or value is None:
            found.append(value)
            continue
        full = _binomial(genus, value, capitals=capitals)
        if full is None:
            genus_alone[value] += 1
        elif full == value and _other_genus(genus, value, genus_keys):
            differing[f"{value} (genus {genus})"] += 1
        joined += full is not None and full.split(" ")[1:] == value.split(" ") and full != value
        found.append(full)
    problems = []
    if joined:
        said = f"{joined} rows give the epithet alone; genus and epithet were joined"
        problems.append(Problem("joined-species", "note", said))
    if genus_alone:
        said = "species: a genus alone is no species; the species is unknown"
        named = tuple(f"{value} ({_rows(n)})" for value, n in sorted(genus_alone.items()))
        problems.append(Problem("unknown-value", "note", said, named))
    if differing:
        said = "species whose name begins with another genus than that of their row"
        problems.append(Problem("genus-mismatch", "warning", said, tuple(sorted(differing))))
    return pd.Series(found, index=species.index, dtype=object, name=species.name), problems


def _binomial(genus: str, species: str, *, capitals: bool) -> str | None:
    if species.startswith("x "):  # beside a genus, "x alba" is a hybrid
        species = f"×{species[1:]}"
    words = species.split(" ")
    start = int(words[0] == "×" and len(words) > 1)
    first, rest = words[start], words[start + 1 :]
    bare = genus.removeprefix("× ").split(" (")[0]
    if first.casefold() == bare.casefold() and rest:
        # "acer palmatum" of genus Acer; epithets are lower case where the genus is not
        rest = [word.lower() if word.isupper() and not genus.isupper() else word for word in rest]
        return " ".join([*words[:start], bare, *rest])
    if _is_abbreviation(first, bare) and rest:
        return " ".join([bare, *rest])
    if not rest:
        if first.casefold() == bare.casefold() and first[0].isupper():
            return None  # "Acer" in the column of species
        if first[0].islower() or (capitals and first[0].isupper()):
            return " ".join([bare, *words[:start], first.lower() if capitals else first])
        return species
    lower = all(word[0].islower() or word == "×" for word in words)
    return f"{bare} {species}" if lower else species


def _is_abbreviation(word: str, genus: str) -> bool:
    """Whether ``word`` is ``genus`` cut short with a full stop: ``A.`` or ``Ac.``."""
    return (
        word.endswith(".") and len(word) > 1 and genus.casefold().startswith(word[:-1].casefold())
    )


def _other_genus(genus: str, species: str, genera: set[str]) -> bool:
    """Whether a species begins with the name of another genus of the table."""
    first = key(species.split(" ")[0])
    return first in genera and first != key(genus.split(" (")[0])


def _near(table: pd.DataFrame, ranks: Sequence[str], rank: str) -> list[Problem]:
    """List names of one rank that differ by a slip of the pen."""
    pairs = near_names(sorted(set(table[rank].dropna())))
    if pairs and ranks.index(rank):
        # Laridae and Paridae lie in two orders: nobody mistook the one for the other.
        parent = table.groupby(rank, sort=False)[ranks[ranks.index(rank) - 1]].first()
        unknown = set(parent.index[parent.isna()])
        pairs = [(a, b) for a, b in pairs if parent[a] == parent[b] or a in unknown or b in unknown]
    if not pairs:
        return []
    counts = table[rank].value_counts()
    named = tuple(f"{a} ({_rows(counts[a])}) and {b} ({_rows(counts[b])})" for a, b in pairs)
    said = f"taxa of rank {rank} whose names are nearly equal; each counts as a taxon of its own"
    return [Problem("similar-names", "warning", said, named)]
