"""DNA barcodes that evolved along a tree, for trials with known truth.

Hasegawa, Kishino and Yano (1985) J. Mol. Evol. 22:160: base frequencies and a rate of transitions
over transversions; with equal frequencies and a rate of 1 it is Jukes and Cantor's model. Sites may
differ in rate (gamma; Yang 1994, J. Mol. Evol. 39:306). No insertions or deletions.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from skbio import DNA

from phylolens.errors import InputError
from phylolens.phylogeny import as_tree
from phylolens.random import Seed, as_seed, stream
from phylolens.writing import write_text

BASES = np.array(list("ACGT"))
TRANSITIONS = ((0, 2), (1, 3))  # A and G, C and T
EQUAL = (0.25, 0.25, 0.25, 0.25)


def simulate_barcodes(
    tree: Any,
    length: int = 658,
    *,
    rate: float = 1.0,
    kappa: float = 1.0,
    frequencies: Sequence[float] = EQUAL,
    shape: float | None = None,
    seed: Seed = 0,
) -> dict[str, DNA]:
    """Evolve one sequence along every branch of a tree.

    Parameters
    ----------
    tree : TreeNode, str or Path
        With branch lengths.
    length : int
        Sites; 658 are those of COI-5P.
    rate : float
        Substitutions expected a site and unit of branch length.
    kappa : float
        Rate of a transition over that of a transversion; 1 for Jukes and Cantor.
    frequencies : sequence of four float
        Of A, C, G and T.
    shape : float, optional
        Of the gamma distribution of rates over sites; without it all sites are alike.
    seed : int or numpy.random.Generator
        Seed of everything random.

    Returns
    -------
    dict of str to skbio.DNA
        By tip, in the order of the tree; aligned.

    Raises
    ------
    InputError
        If the tree cannot be used, or a number is out of its range.

    Examples
    --------
    >>> from phylolens.simulation import simulate_barcodes
    >>> found = simulate_barcodes("((a:0.01,b:0.01):0.2,c:0.21);", length=12, seed=1)
    >>> list(found), len(found["a"])
    (['a', 'b', 'c'], 12)
    """
    root = as_tree(tree)
    shares = _require_sound(length, rate, kappa, frequencies, shape)
    rng = stream(as_seed(seed), "simulation.barcodes")
    rates = np.full(length, rate)
    if shape is not None:
        rates = rate * rng.gamma(shape, 1 / shape, size=length)
    values, left, right = _spectrum(kappa, shares)
    states = {id(root): rng.choice(4, size=length, p=shares)}
    found: dict[str, DNA] = {}
    for node in root.preorder():
        if node is not root:
            # Chances of each base at each site, given the parent's: exp(Q t) by its spectrum.
            grown = np.exp(values * (rates * node.length)[:, None])
            chances = (left[states[id(node.parent)]] * grown) @ right
            upto = np.cumsum(chances, axis=1)
            drawn = rng.random(length) * upto[:, -1]
            states[id(node)] = (drawn[:, None] >= upto[:, :-1]).sum(axis=1)
        if node.is_tip():
            found[str(node.name)] = DNA("".join(BASES[states[id(node)]]))
    return found


def write_barcodes(path: str | Path, sequences: Mapping[str, DNA]) -> None:
    """Write sequences as FASTA.

    Parameters
    ----------
    path : str or Path
        The file.
    sequences : mapping of str to skbio.DNA
        By header.
    """
    write_text(Path(path), "".join(f">{name}\n{one}\n" for name, one in sequences.items()))


def rate_matrix(kappa: float, frequencies: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the rates of the HKY model, one substitution expected a unit of time.

    Parameters
    ----------
    kappa : float
        Rate of a transition over that of a transversion.
    frequencies : sequence of four float
        Of A, C, G and T.

    Returns
    -------
    array of float, shape (4, 4)
        From row to column; rows sum to 0.
    """
    shares = np.asarray(frequencies, dtype=float)
    rates = np.tile(shares, (4, 1))
    for one, other in TRANSITIONS:
        rates[one, other] *= kappa
        rates[other, one] *= kappa
    np.fill_diagonal(rates, 0.0)
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return rates / -(shares @ np.diag(rates))


def _spectrum(kappa: float, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of the rates: the model is reversible, so they are real."""
    root = np.sqrt(shares)
    symmetric = rate_matrix(kappa, shares) * root[:, None] / root[None, :]
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    return values, vectors / root[:, None], vectors.T * root[None, :]


def _require_sound(
    length: int, rate: float, kappa: float, frequencies: Sequence[float], shape: float | None
) -> np.ndarray:
    if length < 1:
        raise InputError(f"at least one site is needed; got {length}.", where="length")
    for name, value in (("rate", rate), ("kappa", kappa), ("shape", shape)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"expected a number above 0; got {value}.", where=name)
    shares = np.asarray(frequencies, dtype=float)
    if shares.shape != (4,) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(
            f"expected four shares above 0 that add up to 1; got {list(frequencies)}.",
            where="frequencies",
        )
    return shares / shares.sum()
