"""A skops file that is the same to the byte whenever the same object is written.

skops numbers objects by their place in memory and stamps its archive with the time. Here objects
are numbered in the order of the schema, and the archive has one fixed time.
"""

import io
import json
import zipfile
from pathlib import PurePosixPath
from typing import Any

# Types a stored head may hold besides those skops trusts by itself. An exact list: a stranger's
# file that names anything else is refused, whatever package it is from.
KNOWN_TYPES = frozenset(
    {
        "imblearn.ensemble._bagging.BalancedBaggingClassifier",
        "imblearn.pipeline.Pipeline",
        "phylolens.classification.heads.balanced_bagging.BalancedBag",
        "phylolens.classification.heads.hgnn.HierarchyGuided",
        "phylolens.classification.heads.hgnn_dual.DualHierarchyGuided",
        "phylolens.classification.heads.inner_choice.InnerChoice",
        "phylolens.classification.heads.kernel_svm.KernelSvm",
        "phylolens.classification.heads.lda.LedoitWolfLda",
        "phylolens.classification.heads.mlp.WeightedMlp",
        "phylolens.classification.heads.parallel.Parallel",
        "phylolens.classification.heads.prototype.Prototype",
        "phylolens.classification.heads.sequential.Sequential",
        "phylolens.classification.heads.shrunken_lda.ShrunkenLda",
        "phylolens.classification.heads.svm.LinearSvm",
        "phylolens.classification.heads.tuned_forest.TunedForest",
        "phylolens.classification.imbalance.LogitAdjusted",
        "phylolens.classification.ranking.SelectRanked",
        "phylolens.classification.transform.BlockUnit",
        "phylolens.classification.transform.Pca",
        "phylolens.classification.transform.SignedRoot",
        "sklearn.tree._tree.Tree",
    }
)

SCHEMA = "schema.json"
FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can hold
BEFORE, NOW = b'"phylolens.classify.', b'"phylolens.classification.'
READABLE = 0o644 << 16
UNIX = 3  # which system made the archive; the same everywhere


def dumps(found: Any) -> bytes:
    """Write an object as a skops file."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(found))) as archive:
        schema = json.loads(archive.read(SCHEMA))
        numbers = _Numbers()
        numbers.give(schema)
        contents = {new: archive.read(old) for old, new in numbers.files.items()}
    contents[SCHEMA] = json.dumps(schema, separators=(",", ":")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, FIRST_TIME)
            entry.external_attr, entry.create_system = READABLE, UNIX
            archive.writestr(entry, content)
    return buffer.getvalue()


def current(content: bytes) -> bytes:
    """Bring a skops file of an older PhyloLens to the names that packages have now."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = entries.get(SCHEMA, b"")
    if BEFORE not in schema:
        return content
    entries[SCHEMA] = schema.replace(BEFORE, NOW)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return buffer.getvalue()


class _Numbers:
    """Numbers of the objects of a schema, in the order in which they are met."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self.files: dict[str, str] = {}
        self._next = 0

    def give(self, node: Any) -> None:
        """Give a node and all within it their numbers, in place, and files the names of theirs."""
        if isinstance(node, list):
            for item in node:
                self.give(item)
        elif isinstance(node, dict):
            if "__id__" in node:
                node["__id__"] = self._of(node)
            if isinstance(node.get("file"), str):
                ending = PurePosixPath(node["file"]).suffix
                name = self.files.setdefault(node["file"], f"{node['__id__']}{ending}")
                node["file"] = name
            for item in node.values():
                self.give(item)

    def _of(self, node: dict[str, Any]) -> int:
        # Whether equal constants are one object in memory depends on the interpreter.
        old = None if node.get("is_json") else node["__id__"]
        if old in self.known:
            return self.known[old]
        self._next += 1
        if old is not None:
            self.known[old] = self._next
        return self._next
