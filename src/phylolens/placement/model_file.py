"""Store a fitted placer without pickle, and read it back.

A folder: ``model.json`` (what was chosen and fitted, the assessment, the features it needs) and
``arrays.safetensors`` (the reference: features of its images, and the tree). What follows from the
reference alone is fitted again when it is read, which takes seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from phylolens.errors import InputError, require_file
from phylolens.guided.sample import sample_of_rows
from phylolens.placement.branches import Branches
from phylolens.placement.choice import ChoiceModel
from phylolens.placement.evidence import Observer
from phylolens.placement.placer import TreePlacer
from phylolens.placement.reference import Reference
from phylolens.placement.set_levels import SetLevels
from phylolens.placement.verdict import Rules
from phylolens.writing import plain, replacing, write_text

FORMAT = 1
HINT = "Give the folder 'place/model' of a results directory to --reference."
DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, SafetensorError)
CHOICE = ("weights", "centers", "scales", "slopes", "offsets")


@dataclass(frozen=True)
class StoredPlacer:
    """A placer, ready for new unknowns.

    Parameters
    ----------
    placer : TreePlacer
        Fitted, but for its assessment.
    spec : mapping
        Of the features it needs.
    card : mapping
        What ``place.json`` said of the reference and the assessment.
    of_images : bool
        Whether the features were made from images here, and not read from a table.
    """

    placer: TreePlacer
    spec: Mapping[str, Any]
    card: Mapping[str, Any]
    of_images: bool


def save_placer(
    placer: TreePlacer,
    spec: Mapping[str, Any],
    card: Mapping[str, Any],
    folder: Path,
    *,
    of_images: bool,
) -> None:
    """Write a placer; ``model.json`` comes last, so a folder without it holds none.

    Parameters
    ----------
    placer : TreePlacer
        Fitted.
    spec : mapping
        Of the features.
    card : mapping
        Of ``place.json``, without unknowns.
    folder : Path
    of_images : bool
        Whether the features were made from images here.
    """
    (folder / "model.json").unlink(missing_ok=True)
    reference = placer.observer_.reference
    sample, tree, model = reference.sample, reference.branches, placer.model_
    arrays: dict[str, np.ndarray] = {
        "features": np.ascontiguousarray(sample.matrix(), dtype=np.float32),
        "sizes": np.asarray(sample.sizes, dtype=np.int64),
        "shares": np.asarray(sample.weights, dtype=np.float64),
        "parents": np.asarray(tree.parents, dtype=np.int64),
        "lengths": np.asarray(tree.lengths, dtype=np.float64),
    }
    arrays |= {name: np.asarray(getattr(model, name), dtype=np.float64) for name in CHOICE}
    content = {
        "format": FORMAT,
        "phylolens": version("phylolens"),
        "placer": placer.get_params(),
        "method": placer.method_,
        "n_features": placer.n_features_in_,
        "root": placer.square_rooted_,
        "taxa": list(tree.taxa),
        "nodes": list(tree.names),
        "images": list(sample.ids),
        "ranks": list(reference.ranks),
        "lineage": [[None if pd.isna(x) else str(x) for x in row]
                    for row in reference.lineage.to_numpy()],
        "depths": list(model.depths),
        "levels": {str(level): plain(one) for level, one in placer.levels_.told.items()},
        "rules": {
            "gains": placer.rules_.gains,
            "p_values": placer.rules_.p_values,
            "thresholds": placer.rules_.thresholds,
            "certainty": placer.rules_.certainty,
        },
        "of_images": of_images,
        "spec": plain(spec),
        "card": plain(card),
    }  # fmt: skip
    rows = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with replacing(folder / "arrays.safetensors") as temporary:
        temporary.write_bytes(save(rows))  # which takes the order in memory for that of rows
    text = json.dumps(plain(content), indent=1, ensure_ascii=False)  # order of depths counts
    write_text(folder / "model.json", text + "\n")


def load_placer(folder: Path) -> StoredPlacer:
    """Read a placer.

    Raises
    ------
    InputError
        If the folder holds none, one of another format, or one that was cut short or altered.
    """
    if not folder.is_dir():
        raise InputError("no such folder.", where=folder, hint=HINT)
    require_file(folder / "model.json", HINT)
    try:
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if content.get("format") != FORMAT or "placer" not in content:
            raise InputError(
                "not a placer of a format that this PhyloLens reads.", where=folder, hint=HINT
            )
        arrays = load_file(folder / "arrays.safetensors")
        return StoredPlacer(
            _placer(content, arrays), content["spec"], content["card"], bool(content["of_images"])
        )
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"not a readable placer ({type(error).__name__}: {error}).", where=folder, hint=HINT
        ) from error


def _placer(content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> TreePlacer:
    taxa = tuple(str(name) for name in content["taxa"])
    branches = Branches(
        taxa, tuple(content["nodes"]), arrays["parents"].copy(), arrays["lengths"].copy()
    )
    stops = np.cumsum(arrays["sizes"])
    sample = sample_of_rows(
        taxa,
        arrays["features"].copy(),
        stops - arrays["sizes"],
        stops,
        arrays["shares"].copy(),
        tuple(content["images"]),
        {},
    )
    lineage = pd.DataFrame(content["lineage"], index=list(taxa), columns=content["ranks"])
    placer = TreePlacer(**content["placer"])
    placer.taxa_, placer.method_ = taxa, content["method"]
    placer.n_features_in_, placer.square_rooted_ = content["n_features"], content["root"]
    placer.rules_ = Rules(**content["rules"])
    depths = tuple(content["depths"])
    placer.model_ = ChoiceModel(depths, *(arrays[name].copy() for name in CHOICE))
    told = {float(level): np.array(one) for level, one in content["levels"].items()}
    placer.levels_ = SetLevels(depths, told)
    placer.observer_ = Observer.fit(
        Reference(sample, branches, lineage), n_axes=placer.components, seed=placer.seed
    )
    return placer
