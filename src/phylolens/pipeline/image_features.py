"""Features of a study's images: originals, and the altered copies that plans ask for."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from phylolens import embedding
from phylolens.embedding.backbones import DEFAULT_BACKBONE
from phylolens.errors import InputError
from phylolens.pipeline.dataset import Dataset
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress
from phylolens.specimens import view_id
from phylolens.values import Features

if TYPE_CHECKING:
    from phylolens.embedding import Embedding, View


class ImagesFailed(InputError):
    """Images that passed the check and could not be embedded, such as files lost meanwhile.

    Parameters
    ----------
    reasons : dict of str to str
        By file.
    """

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        why = next(iter(reasons.values()))
        hint = "Replace these images, or leave them out with --skip-bad."
        super().__init__(f"images could not be embedded ({why}).", ids=list(reasons), hint=hint)


@dataclass
class ImageFeatures:
    """Features of the images of a study, originals and altered copies.

    Originals are asked for once; copies are embedded when a plan needs them. With ``--features``
    given there are no images, so plans lose their copies.
    """

    settings: Settings
    dataset: Dataset
    progress: Progress
    n_computed: int = 0
    n_reused: int = 0
    notes: tuple[str, ...] = ()

    @property
    def can_alter(self) -> bool:
        """Whether altered copies can be made."""
        return self.dataset.given is None

    @cached_property
    def originals(self) -> Features:
        """Features of all usable images, read from the store once a run."""
        if self.dataset.given is not None:
            return self.dataset.given
        files = self.dataset.table["file"]
        return self.of_plan(pd.DataFrame({"file": files, "copy": 0}), "")

    def plan_ids(self, plan: pd.DataFrame, augmentation: str) -> pd.DataFrame:
        """Add the column ``id``; without images, drop the copies."""
        if not self.can_alter:
            plan = plan[plan["copy"] == 0]
        pairs = zip(plan["file"], plan["copy"], strict=True)
        return plan.assign(id=[view_id(file, copy, augmentation) for file, copy in pairs])

    def views(self, plan: pd.DataFrame, augmentation: str) -> list["View"]:
        """Images of a plan with the column ``id``, as networks are given them."""
        path_of = self.dataset.table.set_index("file")["path"]
        return [
            embedding.View(
                row.id, Path(path_of[row.file]), augmentation if row.copy else "", row.copy
            )
            for row in plan.itertuples()
        ]

    def of_plan(self, plan: pd.DataFrame, augmentation: str) -> Features:
        """Features of the rows of a plan, each image once."""
        plan = self.plan_ids(plan, augmentation).drop_duplicates("id")
        if self.dataset.given is not None:
            return self.dataset.given.take(list(plan["id"]))
        found = self._embedded(self.views(plan, augmentation))
        if found.failed:
            file_of = dict(zip(plan["id"], plan["file"], strict=True))
            raise ImagesFailed({file_of[name]: why for name, why in found.failed.items()})
        self.notes += tuple(problem.message for problem in found.problems)
        self.n_computed += found.n_computed
        self.n_reused += found.n_reused
        return found.features

    def _embedded(self, views: list["View"]) -> "Embedding":
        settings = self.settings
        try:
            return embedding.embed(
                views,
                settings.backbone,
                store=settings.out / "features",
                weights=settings.weights,
                layers=settings.layers,
                fit=settings.fit,
                flips=settings.flips,
                seed=settings.seed,
                device=settings.device,
                progress=self.progress,
            )
        except InputError as error:
            if settings.preset == "default" or error.where != "backbone":
                raise
            other = f"or --backbone {DEFAULT_BACKBONE}: the published recipe on another network."
            hint = f"{error.hint.rstrip('.')}, {other}"
            raise InputError(error.problem, where=error.where, hint=hint) from error
