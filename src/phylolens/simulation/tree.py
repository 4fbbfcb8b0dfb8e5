"""Birth-death trees with named ranks; the names are invented, with the endings of zoology.

Trees are drawn from the reconstructed birth-death process given its number of living species and
the age of their common ancestor, which is 1 tree height. Given these, the other speciation times
are independent draws from a known distribution, and any order of them along the tips is equally
likely (Gernhard 2008, Journal of Theoretical Biology 253: 769-778; Lambert and Stadler 2013,
Theoretical Population Biology 90: 113-128). Lineages that died out are thereby pruned exactly,
nothing is rejected, and the time taken is bounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from skbio import TreeNode

from phylolens.errors import InputError

RANKS = ("subclass", "order", "family", "genus", "species")


def _words(text: str) -> list[str]:
    return text.split()


_ONSETS = _words("b br c ch d dr f fl g gl h l m n p ph pl pr qu r s sc st t th tr v z")
_VOWELS = _words("a a a e e i i o o u ae au")


_CODAS = _words("l l n n r r s t d m c v nd rt lt st x")
_GENUS_ENDINGS = _words("a ia us ella ina is ium aria onia")


_EPITHET_ENDINGS = _words("us ensis atus inus osus iana escens alis icola oides")
_SUBCLASS_ENDINGS = _words("odonta omorpha obranchia odesma")


# Genera that readers know: an invented name must not be one of them.
REAL_GENERA = frozenset(
    _words(
        """abra anadara anodonta anomia arca arctica astarte atrina barbatia cardita cardium chama
    chione corbicula corbula crassostrea cucullaea donax dosinia dreissena ensis galeomma gari
    glycymeris isognomon lima limopsis lithophaga lucina lutraria lyonsia macoma mactra malleus
    margaritifera mercenaria meretrix modiolus mya mytilus neotrigonia nucula nuculana ostrea
    pandora panopea paphia pecten perna petricola pholas pinctada pinna pitar placopecten pteria
    saxidomus scrobicularia semele siliqua solemya solen spisula spondylus tapes tellina teredo
    thracia thyasira tivela tridacna trigonia unio vasticardium venus venerupis yoldia"""
    )
)


def _pick(options: list[str], rng: np.random.Generator) -> str:
    return options[rng.integers(len(options))]


def _stem(syllables: int, rng: np.random.Generator) -> str:
    """Return a stem ending in consonants, such as ``Tavel`` or ``Prolind``."""
    parts = [_pick(_ONSETS, rng) + _pick(_VOWELS, rng) for _ in range(syllables)]
    return "".join(parts) + _pick(_CODAS, rng)


def genus_names(number: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return ``number`` pairs of genus name and stem, all stems different.

    Parameters
    ----------
    number : int
        How many genera.
    rng : numpy.random.Generator
        Source of the draws.
    """
    found: dict[str, str] = {}
    while len(found) < number:
        stem = _stem(int(rng.choice([1, 2, 2])) if number < 200 else 2, rng).capitalize()
        genus = stem + _pick(_GENUS_ENDINGS, rng)
        if len(genus) >= 5 and genus.lower() not in REAL_GENERA:
            found.setdefault(stem, genus)
    return [(genus, stem) for stem, genus in found.items()]


def epithets(number: int, rng: np.random.Generator) -> list[str]:
    """Return ``number`` different species epithets."""
    found: dict[str, None] = {}
    while len(found) < number:
        stem = _stem(int(rng.choice([1, 2])) if number < 200 else 2, rng)
        found[stem + _pick(_EPITHET_ENDINGS, rng)] = None
    return list(found)


def subclass_name(stem: str, place: int) -> str:
    """Return a subclass name made from one of its genera's stem."""
    return stem + _SUBCLASS_ENDINGS[place % len(_SUBCLASS_ENDINGS)]


def order_name(stem: str) -> str:
    """Return an order name made from one of its genera's stem."""
    return f"{stem}ida"


def family_name(stem: str) -> str:
    """Return a family name made from its type genus's stem."""
    return f"{stem}idae"


@dataclass(frozen=True)
class NamedTree:
    """A tree and the lineage of every tip.

    Parameters
    ----------
    tree : skbio.TreeNode
        Ultrametric, height 1, tips named ``Genus_epithet``.
    lineages : mapping of str to tuple of str
        For each tip, in tree order, its names at ``RANKS``; the last is the tip's own name.
    """

    tree: TreeNode
    lineages: Mapping[str, tuple[str, ...]]


def speciation_times(n_species: int, extinction: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the ages of the splits between neighbouring tips.

    The birth rate is the one at which two lineages, one tree height ago, are expected to have
    ``n_species`` living descendants.

    Parameters
    ----------
    n_species : int
        Living species, at least 2.
    extinction : float
        Death rate over birth rate, 0 to below 1.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    array, shape (n_species - 1,)
        Ages in tree heights, from left to right; the oldest is 1.
    """
    net = np.log(n_species / 2 * (1 - extinction) + extinction)  # birth minus death
    if n_species == 2 or net <= 0:
        return np.ones(n_species - 1)
    oldest = -np.expm1(-net) / (1 - extinction * np.exp(-net))
    share = rng.random(n_species - 2) * oldest
    ages = np.log((1 - share * extinction) / (1 - share)) / net
    return np.insert(ages, rng.integers(n_species - 1), 1.0)


def tree_from_times(times: np.ndarray) -> TreeNode:
    """Return the ultrametric tree whose neighbouring tips ``i, i + 1`` split at ``times[i]``.

    Tips are named by their place from left to right.
    """

    def lineage(node: TreeNode, age: float, parent: float) -> TreeNode:
        node.length = parent - age
        return node

    # Merge from the youngest split on: each split joins the two blocks of tips beside it.
    n_tips = len(times) + 1
    block = list(range(n_tips))
    nodes = {place: (TreeNode(name=str(place)), 0.0) for place in range(n_tips)}

    def find(place: int) -> int:
        while block[place] != place:
            block[place] = block[block[place]]
            place = block[place]
        return place

    for split in np.argsort(times, kind="stable"):
        left, right = find(int(split)), find(int(split) + 1)
        age = float(times[split])
        children = [lineage(*nodes.pop(side), age) for side in (left, right)]
        block[right] = left
        nodes[left] = (TreeNode(children=children), age)
    return nodes[find(0)][0]


def blocks(times: np.ndarray, number: int) -> np.ndarray:
    """Return for each tip the index of its clade when the tree is cut into ``number`` lineages.

    Cuts at one age nest: tips that share a clade of a finer cut share those of all coarser ones.
    """
    cut = np.zeros(len(times), dtype=int)
    cut[np.argsort(-times, kind="stable")[: number - 1]] = 1
    return np.concatenate([[0], np.cumsum(cut)])


def birth_death_tree(
    n_species: int, *, clades: Sequence[int], extinction: float, rng: np.random.Generator
) -> NamedTree:
    """Draw a birth-death tree and name its clades.

    Parameters
    ----------
    n_species : int
        Living species, at least 2.
    clades : sequence of int
        Number of subclasses, orders, families and genera, not decreasing.
    extinction : float
        Death rate over birth rate, 0 to below 1.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    NamedTree
        The tree; every named group is a clade, found by cutting the tree at one age a rank.

    Raises
    ------
    InputError
        If the numbers of clades decrease from coarse to fine or exceed the species.
    """
    numbers = [*clades, n_species]
    if len(clades) != len(RANKS) - 1 or min(clades) < 1 or sorted(numbers) != numbers:
        raise InputError(
            "expected 1 <= subclasses <= orders <= families <= genera <= species; got "
            + ", ".join(map(str, numbers))
            + "."
        )
    times = speciation_times(n_species, extinction, rng)
    tree = tree_from_times(times)
    lineages = _name([blocks(times, number) for number in clades], n_species, rng)
    by_place = {str(place): lineage for place, lineage in enumerate(lineages)}
    named = {}
    for tip in tree.tips():
        lineage = by_place[str(tip.name)]
        tip.name = lineage[-1]
        named[lineage[-1]] = lineage
    return NamedTree(tree, named)


def _name(
    cuts: Sequence[np.ndarray], n_species: int, rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """Return the lineage of every tip; higher taxa take the stem of one of their genera."""
    subclasses, orders, families, genera = cuts
    names = genus_names(int(genera.max()) + 1, rng)
    last = epithets(n_species, rng)
    type_genus: dict[
        tuple[str, int], str
    ] = {}  # of a family, an order, a subclass: its first genus's stem
    for cut, rank in ((families, "family"), (orders, "order"), (subclasses, "subclass")):
        for tip in range(n_species):
            type_genus.setdefault((rank, int(cut[tip])), names[genera[tip]][1])
    return [
        (
            subclass_name(type_genus["subclass", int(subclasses[tip])], int(subclasses[tip])),
            order_name(type_genus["order", int(orders[tip])]),
            family_name(type_genus["family", int(families[tip])]),
            names[genera[tip]][0],
            f"{names[genera[tip]][0]}_{last[tip]}",
        )
        for tip in range(n_species)
    ]
