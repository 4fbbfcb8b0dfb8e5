"""Train a backbone on one's own images without labels; write ``pretrain/``."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phylolens.embedding import backbone_names, find_backbone
from phylolens.embedding.augment import View
from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.training_images import TrainingImages, require_training
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError, require_folder
from phylolens.guided.training_record import record_of_fit, write_record
from phylolens.pipeline.own_images import OwnImages, own_images
from phylolens.pipeline.settings import Settings
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash, fingerprint, text_hash
from phylolens.results.pretrain import PretrainResult
from phylolens.specimens import view_id
from phylolens.writing import sweep

if TYPE_CHECKING:
    from phylolens.paradigms.self_supervised.training import Trainer

FOLDER, STATE = "pretrain", "training.safetensors"
ALTERED = "views"
BATCH = {"blocks": 256, "all": 64}
TASK = "training (batches)"
OUT_OF_TIME = "the time given is over; the same command goes on"
SEEN = (
    "Trained without labels and without a phylogeny: a test of signal with these weights is not "
    "circular. Images of the training have been seen, though: accuracy on them may be higher than "
    "on images that were not, so mark those to test on in a column 'split'."
)


@dataclass(frozen=True)
class _Job:
    """What is trained, on what, from where."""

    settings: Settings
    spec: BackboneSpec
    checkpoint: Path
    images: OwnImages
    mark: str

    @property
    def folder(self) -> Path:
        return self.settings.out / FOLDER

    @property
    def blocks(self) -> int | None:
        own = self.settings.pretrain
        return own.blocks if own.train == "blocks" else None

    @property
    def batch(self) -> int:
        own = self.settings.pretrain
        return own.batch or BATCH[own.train]


def train_backbone(settings: Settings, *, progress: Progress = silent) -> dict[str, Any]:
    """Train a backbone by self-supervision; a run that was stopped goes on.

    Parameters
    ----------
    settings : Settings
        Images, backbone, and the section ``pretrain``.
    progress : callable
        Told of the batches done.

    Returns
    -------
    dict
        A summary, as ``--json`` prints it.

    Raises
    ------
    InputError
        If images, backbone or device cannot be used, or torch, timm or the method's library is
        absent.
    """
    require_folder(settings.out)
    job = _job(settings, progress)
    if settings.out.is_dir():
        sweep(settings.out)
    from phylolens.embedding.threads import one_thread

    with one_thread():
        found = _train(job, progress)
    found.write(settings.out)
    return _summary(found, settings.out)


def _job(settings: Settings, progress: Progress) -> _Job:
    own = settings.pretrain
    names = backbone_names(settings.backbone)
    if len(names) > 1:
        raise InputError("one network is trained at a time.", where="--backbone", ids=names)
    require_training("--train")
    spec = find_backbone(names[0])
    checkpoint = get_weights(spec, settings.weights, progress)
    images = own_images(settings, progress)
    values = own.model_dump(mode="json", exclude={"epochs", "minutes"})
    mark = fingerprint(
        "pretrain", values, spec.name, file_hash(checkpoint), settings.fit, settings.device,
        settings.seed, images.hashes,
    )  # fmt: skip
    size = own.image_size or spec.input_size
    return _Job(settings, replace(spec, input_size=size), checkpoint, images, mark)


def _trainer(job: _Job) -> "Trainer":
    from phylolens.paradigms.self_supervised.backbone import ViewsOfImages, load_encoder
    from phylolens.paradigms.self_supervised.training import Trainer, make_objective

    settings, own = job.settings, job.settings.pretrain
    copies = range(1, own.views + 1)
    views = [
        [View(view_id(file, copy, ALTERED), path, ALTERED, copy) for copy in copies]
        for file, path in zip(job.images.files, job.images.paths, strict=True)
    ]
    encoder, width = load_encoder(job.spec, job.checkpoint, job.blocks, settings.device)
    images = TrainingImages(
        (view for row in views for view in row), fit=settings.fit, seed=settings.seed
    )
    names = [[view.id for view in row] for row in views]
    objective = make_objective(
        own.method, encoder, width, len(views), temperature=own.temperature, seed=settings.seed
    )
    return Trainer(
        objective,
        ViewsOfImages(images, encoder.network, names),
        own.views,
        batch=job.batch,
        rate=own.rate,
        seed=settings.seed,
    )


def _train(job: _Job, progress: Progress) -> PretrainResult:
    """Train epoch by epoch, each kept when it is done; write the network."""
    from phylolens.paradigms.self_supervised.backbone import write_backbone
    from phylolens.paradigms.self_supervised.checkpoint import read_checkpoint, write_checkpoint

    own, trainer = job.settings.pretrain, _trainer(job)
    state = job.folder / STATE
    told = read_checkpoint(state, trainer, job.mark) or {"losses": [], "seconds": 0.0}
    losses, before = list(told["losses"]), float(told["seconds"])
    began, stopped = time.monotonic(), None
    total = own.epochs * trainer.batches
    lasted = 0.0
    while len(losses) < own.epochs:
        spent = time.monotonic() - began
        if own.minutes is not None and lasted and spent + lasted > 60 * own.minutes:
            stopped = OUT_OF_TIME
            break
        done = len(losses) * trainer.batches
        losses.append(trainer.epoch(len(losses) + 1, _telling(progress, done, total)))
        lasted = time.monotonic() - began - spent
        seconds = before + time.monotonic() - began
        write_checkpoint(state, trainer, {"mark": job.mark, "losses": losses, "seconds": seconds})
    seconds = before + time.monotonic() - began
    encoder: Any = trainer.objective.encoder
    trained = encoder.network.tensors()
    seen = text_hash(sorted(job.images.hashes))
    record = {
        "method": own.method,
        "n_images": len(job.images.files),
        "epochs": len(losses),
        "seen": seen,
    }
    file = job.folder / f"{job.spec.name.replace(':', '-')}-{own.method}.safetensors"
    write_backbone(file, find_backbone(job.spec.name), job.checkpoint, trained, record)
    write_record(record_of_fit("", (), "content", job.images.hashes), job.folder)
    return PretrainResult.of(
        {
            "method": own.method,
            "backbone": job.spec.name,
            "weights": file.relative_to(job.settings.out).as_posix(),
            "weights_sha256": file_hash(file),
            "started_from": file_hash(job.checkpoint),
            "train": own.train,
            "blocks": job.blocks,
            "trained_parameters": sum(value.size for value in trained.values()),
            "image_size": job.spec.input_size,
            "views": own.views,
            "batch": job.batch,
            "batches": trainer.batches,
            "rate": own.rate,
            "temperature": trainer.objective.temperature if own.method != "byol" else None,
            "seed": job.settings.seed,
            "device": encoder.network.device,
            "n_images": len(job.images.files),
            "n_left_out": job.images.n_left_out,
            "left_out_why": job.images.left_out_why or None,
            "seen_sha256": seen,
            "epochs": len(losses),
            "epochs_wanted": own.epochs,
            "stopped_why": stopped,
            "losses": losses,
            "seconds": seconds,
            "note": SEEN,
        }
    )


def _telling(progress: Progress, done: int, total: int) -> Callable[[int], None]:
    progress(TASK, done, total)
    return lambda batches: progress(TASK, done + batches, total)


def _summary(found: PretrainResult, out: Path) -> dict[str, Any]:
    """Choose the figures a user looks for, and what to type next."""
    told: dict[str, Any] = {
        "out": str(out),
        "method": found.method,
        "n_images": found.n_images,
        "n_left_out": found.n_left_out,
        "epochs": found.epochs,
        "first_loss": found.losses[0],
        "last_loss": found.losses[-1],
        "seconds": found.seconds,
        "weights": str(out / found.weights),
    }
    if found.left_out_why:
        told["left_out_why"] = found.left_out_why
    if found.stopped_why:
        told["stopped"] = found.stopped_why
    use = f"--backbone {found.backbone} --weights {out / found.weights}"
    return told | {"use": use, "note": found.note}
