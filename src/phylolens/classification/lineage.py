"""The tree of taxa that labels span: leaf probabilities are summed up it, answers walk down it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from phylolens.errors import InputError
from phylolens.taxonomy import lineages, require_rank

ROOT = -1


@dataclass(frozen=True, eq=False)
class TaxonTree:
    """Taxa with their parents.

    Nodes are numbered from 0, coarse ranks first and by name within a rank, so a parent's number
    is always the smaller one. -1 is the root: "some taxon". A taxon is known by its rank and name;
    its parent is the nearest coarser taxon known, so ranks may have gaps.

    Parameters
    ----------
    ranks : tuple of str
        Coarse to fine.
    nodes : DataFrame
        Index 0 to m - 1; columns ``rank``, ``taxon``, ``parent`` (int, -1 for the root).

    Raises
    ------
    InputError
        If a node's parent does not stand before it, or a taxon is there twice.
    """

    ranks: tuple[str, ...]
    nodes: pd.DataFrame

    def __post_init__(self) -> None:
        for rank in self.nodes["rank"].unique():
            require_rank(self.ranks, rank, "nodes")
        if self.nodes.duplicated(["rank", "taxon"]).any():
            raise InputError("a tree of taxa must hold every taxon once.")
        parents, depth = self._parents, np.append(self._depth, -1)  # the root is above all
        before = (parents >= ROOT) & (parents < np.arange(len(self)))
        if not before.all() or not (depth[parents] < depth[:-1]).all():
            raise InputError("every parent in a tree of taxa must be coarser and stand before.")

    @classmethod
    def of(cls, table: pd.DataFrame, ranks: Sequence[str]) -> "TaxonTree":
        """Read the tree from labels; where rows disagree, the most frequent parent counts.

        Parameters
        ----------
        table : DataFrame
            One row an image or specimen, with the rank columns; missing values are unknown.
        ranks : sequence of str
            Rank names, coarse to fine.
        """
        number: dict[tuple[str, str], int] = {}
        rows: list[tuple[str, str, int]] = []
        for place, rank in enumerate(ranks):
            found = lineages(table, ranks, rank)
            for taxon, above in zip(found.index, found.iloc[:, :-1].to_numpy(), strict=True):
                known = [depth for depth in range(place) if not pd.isna(above[depth])]
                parent = number[ranks[known[-1]], str(above[known[-1]])] if known else ROOT
                number[rank, str(taxon)] = len(rows)
                rows.append((rank, str(taxon), parent))
        return cls(tuple(ranks), pd.DataFrame(rows, columns=["rank", "taxon", "parent"]))

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def _parents(self) -> np.ndarray:
        return self.nodes["parent"].to_numpy(int)

    @cached_property
    def _depth(self) -> np.ndarray:
        return (
            self.nodes["rank"].map({r: place for place, r in enumerate(self.ranks)}).to_numpy(int)
        )

    @cached_property
    def _taxa(self) -> np.ndarray:
        """Names by number; the last entry, which -1 points to, is None."""
        return np.array([*self.nodes["taxon"], None], dtype=object)

    @cached_property
    def _paths(self) -> np.ndarray:
        """Ancestor-or-self at every rank, shape (m + 1, ranks); the last row is the root's."""
        paths = np.full((len(self) + 1, len(self.ranks)), ROOT)
        for node, (parent, depth) in enumerate(zip(self._parents, self._depth, strict=True)):
            paths[node] = paths[parent]
            paths[node, depth] = node
        return paths

    @cached_property
    def _names(self) -> dict[str, int]:
        keys = zip(self.nodes["rank"], self.nodes["taxon"], strict=True)
        return {f"{rank}:{taxon}": node for node, (rank, taxon) in enumerate(keys)}

    @cached_property
    def _children(self) -> dict[int, np.ndarray]:
        return {int(k): np.sort(v) for k, v in self.nodes.groupby("parent").indices.items()}

    def name(self, node: int) -> str:
        """Write a node as ``rank:taxon``, the form class labels have."""
        if not 0 <= node < len(self):
            raise IndexError(f"no node {node} in a tree of {len(self)}")
        return f"{self.nodes['rank'].iloc[node]}:{self.nodes['taxon'].iloc[node]}"

    def number(self, name: str) -> int:
        """Return the node that :meth:`name` writes so.

        Raises
        ------
        InputError
            If the tree has no such taxon.
        """
        if name not in self._names:
            raise InputError(f"no taxon '{name}' in the tree of taxa.")
        return self._names[name]

    def numbers(self, names: Sequence[str] | np.ndarray) -> np.ndarray:
        """Return the nodes of several names, shape (n,)."""
        return np.array([self.number(str(name)) for name in names], dtype=int)

    def find(self, rank: str, taxon: str) -> int:
        """Return the node of a taxon, -1 when the tree has none."""
        return self._names.get(f"{rank}:{taxon}", ROOT)

    def labels(self, nodes: np.ndarray) -> np.ndarray:
        """Name the taxa of node numbers of any shape; None for -1."""
        return self._taxa[nodes]

    def children(self, node: int) -> np.ndarray:
        """Return the nodes right below ``node`` (-1: below the root), sorted."""
        return self._children.get(int(node), np.empty(0, dtype=int))

    @cached_property
    def tips(self) -> np.ndarray:
        """Nodes that are not divided further, sorted."""
        return np.setdiff1d(np.arange(len(self)), self._parents)

    def at_rank(self, rank: str) -> np.ndarray:
        """Return the nodes of a rank, sorted."""
        require_rank(self.ranks, rank)
        return np.flatnonzero((self.nodes["rank"] == rank).to_numpy(bool))

    def node_of(self, table: pd.DataFrame) -> np.ndarray:
        """Find the finest taxon of each row that the tree knows.

        A species that is not in the tree gives its genus, or the next coarser taxon that is.
        Ranks the table lacks are unknown.

        Returns
        -------
        array of int, shape (n,)
            Node numbers; -1 where no label is in the tree.
        """
        nodes = np.full(len(table), ROOT)
        for rank in (rank for rank in self.ranks if rank in table.columns):
            here = self.at_rank(rank)
            known = pd.Series(here, index=self._taxa[here])
            found = table[rank].astype(object).map(known).fillna(ROOT).to_numpy(int)
            nodes = np.where(found >= 0, found, nodes)
        return nodes

    def path(self, node: int | np.ndarray) -> np.ndarray:
        """Return ancestor-or-self at every rank, shape (..., ranks); -1 where there is none."""
        return self._paths[node]

    def lca(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the lowest common ancestor-or-self of nodes, pair by pair; -1 is the root."""
        one, two = self._paths[a], self._paths[b]
        return np.where(one == two, one, ROOT).max(axis=-1)

    def contains(self, above: np.ndarray, below: np.ndarray) -> np.ndarray:
        """Tell, pair by pair, whether ``above`` is ``below`` or an ancestor; the root always is."""
        return self.lca(above, below) == above

    def membership(self, leaves: np.ndarray) -> sparse.csr_array:
        """Mark each leaf and its ancestors, shape (n_leaves, m).

        A leaf may be an inner node, the finest label of rows that are not named further.
        """
        paths = self._paths[np.asarray(leaves, dtype=int)]
        row, column = np.nonzero(paths >= 0)
        entries = (np.ones(len(row)), (row, paths[row, column]))
        return sparse.csr_array(entries, shape=(len(paths), len(self)))

    def marginals(self, probabilities: np.ndarray, leaves: np.ndarray) -> np.ndarray:
        """Sum leaf probabilities up the tree, in one sparse product.

        Parameters
        ----------
        probabilities : array, shape (n, n_leaves)
            Rows sum to one.
        leaves : array of int, shape (n_leaves,)
            The node of each column.

        Returns
        -------
        array of float64, shape (n, m)
            Probability of each taxon; a parent's is never below a child's.
        """
        summed = np.asarray(probabilities, dtype=float) @ self.membership(leaves)
        for node in range(len(self) - 1, -1, -1):  # sums in another order may differ by rounding
            parent = self._parents[node]
            if parent != ROOT:
                np.maximum(summed[:, parent], summed[:, node], out=summed[:, parent])
        return np.minimum(summed, 1.0)

    def depth_of(self, table: pd.DataFrame) -> np.ndarray:
        """Find the place of each row's finest label among the ranks, in the tree or not.

        Returns
        -------
        array of int, shape (n,)
            -1 for rows without any label.
        """
        labelled = table[list(self.ranks)].notna().to_numpy(bool)
        return np.where(labelled, np.arange(len(self.ranks)), -1).max(axis=1)

    def cut(self, nodes: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Climb from each node to a rank no finer than ``depth``, shape (n,)."""
        columns = np.arange(len(self.ranks))
        return np.where(columns <= np.asarray(depth)[:, None], self._paths[nodes], ROOT).max(axis=1)

    def capped(self, marginals: np.ndarray) -> np.ndarray:
        """Lower every taxon's probability to its parent's where it is above, shape (n, m)."""
        found = np.array(marginals, dtype=float)
        for rank in self.ranks[1:]:
            nodes = self.at_rank(rank)
            nodes = nodes[self._parents[nodes] != ROOT]
            found[:, nodes] = np.minimum(found[:, nodes], found[:, self._parents[nodes]])
        return found

    def best(self, marginals: np.ndarray) -> np.ndarray:
        """Return the most probable taxon at every rank by itself, shape (n, ranks)."""
        answers = np.full((len(marginals), len(self.ranks)), ROOT)
        for column, rank in enumerate(self.ranks):
            nodes = self.at_rank(rank)
            if len(nodes):
                answers[:, column] = nodes[marginals[:, nodes].argmax(axis=1)]
        return answers

    def top_down(self, marginals: np.ndarray) -> np.ndarray:
        """Walk down from the root, always to the most probable child.

        Returns
        -------
        array of int, shape (n, ranks)
            The node at every rank; -1 at ranks the path leaves out, and below its end: a taxon
            without children, or with none of any probability.
        """
        here = np.full(len(marginals), ROOT)
        for _ in self.ranks:
            below = here.copy()
            for node in np.unique(here):
                children, rows = self.children(node), np.flatnonzero(here == node)
                if len(children):
                    shares = marginals[np.ix_(rows, children)]
                    chosen = children[shares.argmax(axis=1)]
                    below[rows] = np.where(shares.max(axis=1) > 0, chosen, node)
            here = below
        return self._paths[here]
