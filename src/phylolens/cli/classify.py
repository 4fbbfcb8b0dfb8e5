"""``phylolens classify``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from phylolens.cli import _options as o
from phylolens.cli._console import progress_bar, run_and_show, show
from phylolens.cli._stored import require_nothing_else
from phylolens.errors import InputError

Text = str | None
Whole = int | None
MODELS = (
    "default, linear, lda, svm, prototype, mlp-weighted, hgnn, rf, rf-weighted, rf-balanced-bagging"
)
NAMED = {"ranks": "at", "trust": "no-trust"}  # settings whose option has another name


@o.takes(*o.SPECIMENS, "features", "rank", *o.EXTRACTION)
def command(
    settings: dict[str, Any],
    *,
    model: Annotated[
        Path | None,
        typer.Option(help="Stored model: classify the new pictures of --images with it."),
    ] = None,
    guarantee: Annotated[
        Text,
        typer.Option(
            help="With --model: 'each' (as promised for known taxa and for each kind of unknown "
            "ones; default), 'mixed' (on average over the expected mix) or 'known_only'."
        ),
    ] = None,
    recipe: Annotated[Text, typer.Option(help="default or roy2025.")] = None,
    at: Annotated[
        Text,
        typer.Option(help="Ranks to classify; by default all down to the rank of comparison."),
    ] = None,
    models: Annotated[Text, typer.Option(help=f"Some of {MODELS}.")] = None,
    splits: Annotated[
        Text,
        typer.Option(
            help="How to test: random, leave-species-out (or any other rank), leave-source-out; "
            "the first is the headline."
        ),
    ] = None,
    imbalance: Annotated[
        Text,
        typer.Option(help="What to do about rare classes: none, weights or logit-adjustment."),
    ] = None,
    upsample_to: Annotated[
        Whole, typer.Option(help="Raise rare training classes to this many images (0: do not).")
    ] = None,
    copies: Annotated[
        Whole, typer.Option(help="Altered copies of every training image (0: none).")
    ] = None,
    sample_down_to: Annotated[
        Whole,
        typer.Option(
            help="Sample frequent training classes down to this many images; every genus and "
            "species of a class stays (0: do not)."
        ),
    ] = None,
    augmentation: Annotated[
        Text,
        typer.Option(help="How copies are altered: gaussian-noise or flip-rotate-jitter-affine."),
    ] = None,
    steps: Annotated[
        Text,
        typer.Option(help="Transforms ahead of every model, such as root,unit,pca:300,select:200."),
    ] = None,
    test_share: Annotated[float | None, typer.Option(help="Share of specimens to test on.")] = None,
    repeats: Annotated[
        Whole, typer.Option(help="Repeat the tests on this many splits; mean and sd are reported.")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="Accepted share of wrong answers (default 0.1).")
    ] = None,
    alpha_unknown: Annotated[
        float | None,
        typer.Option(
            help="Accepted share of wrong answers among specimens of unknown species, of unknown "
            "genera and so on, each by itself (default 0.2)."
        ),
    ] = None,
    unknown_share: Annotated[
        Text,
        typer.Option(
            help="Share of new specimens expected to be of unknown taxa (default 0.1, all kinds "
            "alike), or by rank: species=0.05,genus=0.02."
        ),
    ] = None,
    calibration: Annotated[
        Text,
        typer.Option(
            help="'cross' fits the stored model to all specimens (default); 'split' keeps a fifth "
            "from it, for coverage as promised."
        ),
    ] = None,
    no_trust: Annotated[
        bool, typer.Option("--no-trust", help="Do not calibrate and store a model.")
    ] = False,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Test what each choice of features adds.")
    ] = False,
    json: o.Json = False,
) -> None:
    """Classify specimens at every rank and test on specimens and species never seen.

    The calibrated model is stored in classify/model; --model applies it to new pictures.
    """
    own = o.given(
        recipe=recipe,
        ranks=o.names(at),
        models=o.names(models),
        splits=o.names(splits),
        imbalance=imbalance,
        upsample_to=upsample_to,
        copies=copies,
        sample_down_to=sample_down_to,
        augmentation=augmentation,
        steps=o.names(steps),
        test_share=test_share,
        repeats=repeats,
        alpha=alpha,
        alpha_unknown=alpha_unknown,
        unknown_share=None if unknown_share is None else _shares(unknown_share),
        calibration=calibration,
        trust=False if no_trust else None,
        ablation=ablation or None,
    )
    if model is not None:
        _predict(model, settings, own, guarantee, json=json)
        return
    if guarantee is not None:
        raise InputError("this is for a stored model.", where="--guarantee", hint="Give --model.")
    settings["classify"] = own
    run_and_show(settings, ("check", "classify"), json=json)


def _shares(text: str) -> float | dict[str, float]:
    """Read ``0.1`` or ``species=0.05,genus=0.02``."""
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.split("=") for part in text.split(",")]
        return {rank.strip(): float(share) for rank, share in pairs}
    except ValueError as error:
        raise InputError(
            f"'{text}' is no share of unknown taxa.",
            where="--unknown-share",
            hint="Give a number such as 0.1, or shares by rank such as species=0.05,genus=0.02.",
        ) from error


def _predict(
    model: Path,
    settings: dict[str, Any],
    own: dict[str, Any],
    guarantee: str | None,
    *,
    json: bool,
) -> None:
    """Apply a stored model; it brings its own taxonomy, so labels are not read."""
    from phylolens.classification.predict import predict
    from phylolens.embedding.feature_file import read_features

    asked = require_nothing_else(settings, own, ("meta", "pattern", "ranks", "rank"), NAMED)
    features = settings.get("features")
    with progress_bar() as progress:
        summary = predict(
            model,
            images=settings.get("images"),
            features=read_features(features) if features else None,
            asked=asked,
            out=settings.get("out", Path("phylolens-out")),
            guarantee=guarantee or "each",
            device=settings.get("device", "auto"),
            progress=progress,
        )
    show(summary, json=json)
