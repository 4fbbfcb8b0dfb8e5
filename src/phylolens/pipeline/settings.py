"""A whole study as one value (``study.toml``)."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from phylolens.errors import InputError
from phylolens.reading.text import read_text
from phylolens.taxonomy import standard_name

STAGES = ("check", "embed", "classify", "guide", "signal", "report")
PATHS = (
    "images",
    "meta",
    "tree",
    "distances",
    "trees",
    "features",
    "ids",
    "matches",
    "weights",
    "out",
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _shares(found: object) -> object:
    """Check shares of unknown taxa: a number, or numbers by rank."""
    named = found if isinstance(found, Mapping) else {"": found}
    values = list(named.values())
    if not all(isinstance(value, int | float) for value in values):
        raise ValueError("should be a number, or one number a rank")
    if min(values, default=0) < 0 or not sum(values) < 1:
        raise ValueError("shares should be 0 or more and add up to less than 1")
    if isinstance(found, Mapping):
        return {standard_name(str(rank)): value for rank, value in found.items()}
    return found


class ClassifySettings(_Section):
    """Classification; what is not given is the recipe's (see ``ClassifyRecipe``)."""

    recipe: str = "default"
    ranks: tuple[Annotated[str, AfterValidator(standard_name)], ...] | None = None
    models: tuple[str, ...] | None = None
    splits: tuple[str, ...] | None = None
    imbalance: str | None = None
    upsample_to: int | None = Field(default=None, ge=0)
    copies: int | None = Field(default=None, ge=0)
    sample_down_to: int | None = Field(default=None, ge=0)
    augmentation: str | None = None
    steps: tuple[str, ...] | None = None
    test_share: float | None = Field(default=None, gt=0, lt=1)
    repeats: int | None = Field(default=None, ge=1)
    trust: bool | None = None
    alpha: float = Field(default=0.1, gt=0, lt=1)
    unknown_share: Annotated[float | dict[str, float], BeforeValidator(_shares)] = 0.1
    alpha_unknown: float = Field(default=0.2, gt=0, lt=1)
    calibration: Literal["cross", "split"] = "cross"
    ablation: bool = False


class GuideSettings(_Section):
    """Guided embedding; what is not given is the recipe's.

    ``learner``, ``held_out`` (rank of the clades), ``refits``, ``sample_down_to`` and
    ``sampling_table`` are for recipes that hold clades out; ``epochs`` and ``learning_rate`` for
    ``roy2025``.
    """

    recipe: str = "default"
    learner: tuple[str, ...] | None = None
    held_out: Annotated[str, AfterValidator(standard_name)] | None = None
    refits: int | None = Field(default=None, ge=0)
    per_taxon: int | None = Field(default=None, ge=2)
    sample_down_to: int | None = Field(default=None, ge=1)
    sampling_table: bool | None = None
    epochs: int | None = Field(default=None, ge=1)
    learning_rate: float | None = Field(default=None, gt=0)
    divisor: float | None = Field(default=None, gt=0)


class SignalSettings(_Section):
    """Test of visual against genetic distance.

    ``distance`` is the visual distance, ``compare`` further ones for one table; ``debias`` takes
    sampling noise out of them; ``axes`` the principal coordinates of PROTEST, K_A and K_G;
    ``replicates`` of the specimen bootstrap; ``simulations`` and ``fdr`` (false-discovery rate) of
    the search for pairs where looks and genes disagree.
    """

    distance: str = "chord"
    compare: tuple[str, ...] = ()
    debias: bool = True
    permutations: int = Field(default=999, ge=1)
    axes: int | None = Field(default=None, ge=1)
    tree_method: Literal["nj", "bme", "upgma"] = "nj"
    replicates: int | None = Field(default=None, ge=0)
    simulations: int = Field(default=500, ge=40)
    fdr: float = Field(default=0.05, gt=0, lt=1)


class Settings(_Section):
    """Everything a run needs.

    Parameters
    ----------
    images, meta, pattern, ranks
        Specimens: a folder, a table, a file-name pattern, rank columns coarse to fine.
    tree, distances
        The phylogeny; one of the two.
    trees
        A sample of trees (posterior, bootstrap) beside ``tree``: the statistics over all of them.
    features
        Features made elsewhere, instead of pictures.
    ids
        Names of the rows, one a line, of a matrix or of features without names.
    matches
        Which names of the phylogeny are which taxa: the ``matches.csv`` of an earlier run, edited.
    rank
        Rank of comparison; ``family`` where there is one, otherwise the finest rank.
    confound
        Columns that may make taxa look alike, instead of those found; ``none`` for none.
    skip_bad
        Leave bad rows out instead of stopping.
    backbone, weights, layers, fit, flips, device
        Feature extraction (see ``phylolens backbones``); several backbones are separated by
        commas, and ``flips`` averages every picture with its mirror image.
    seed, out
        Seed of everything random; results directory.
    classify, guide, signal
        Settings of the stages.
    """

    images: Path | None = None
    meta: Path | None = None
    pattern: str | None = None
    ranks: tuple[Annotated[str, AfterValidator(standard_name)], ...] | None = None
    tree: Path | None = None
    distances: Path | None = None
    trees: Path | None = None
    features: Path | None = None
    ids: Path | None = None
    matches: Path | None = None
    rank: Annotated[str, AfterValidator(standard_name)] | None = None
    confound: tuple[str, ...] | None = None
    skip_bad: bool = False
    backbone: str = "efficientnet-lite0"
    weights: Path | None = None
    layers: tuple[str, ...] = ()
    fit: Literal["pad", "squash", "crop"] | None = None
    flips: bool = False
    device: str = "auto"
    seed: int = Field(default=0, ge=0)
    out: Path = Path("phylolens-out")
    classify: ClassifySettings = ClassifySettings()
    guide: GuideSettings = GuideSettings()
    signal: SignalSettings = SignalSettings()

    @property
    def has_phylogeny(self) -> bool:
        """Whether a tree or a matrix was given."""
        return self.tree is not None or self.distances is not None


def make_settings(values: Mapping[str, Any], where: object = "settings") -> Settings:
    """Build a :class:`Settings`.

    Raises
    ------
    InputError
        For unknown keys and values out of range, naming each.
    """
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        by_option = where == "options"
        faults = [f"{_named(fault['loc'], by_option)}: {fault['msg']}" for fault in error.errors()]
        keys = "" if by_option else f"Keys of a study: {', '.join(Settings.model_fields)}."
        raise InputError(f"{'; '.join(faults)}.", where=where, hint=keys) from error


def _named(place: Sequence[int | str], by_option: bool) -> str:
    """Name a setting as the user wrote it."""
    if by_option:
        return f"--{str(place[-1]).replace('_', '-')}"
    return ".".join(map(str, place))


def read_settings(path: Path) -> dict[str, Any]:
    """Read ``study.toml`` as a plain dict; its paths are relative to its own folder.

    Raises
    ------
    InputError
        If the file is absent or not TOML.
    """
    text = read_text(path, "Give an existing study.toml.")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"not a TOML file ({error}).", where=path) from error
    for name in PATHS:
        if name in values:
            values[name] = path.parent / str(values[name])
    return values
