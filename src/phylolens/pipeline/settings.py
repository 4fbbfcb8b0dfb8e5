"""Every setting once: type, bounds, help and presets.

The options of the command line are made from these models (:mod:`phylolens.cli._options`), and
``study.toml`` holds them. What a section leaves open is the preset's (``CLASSIFY_PRESETS``, and for
what the guided embedding leaves at None ``GUIDE_RECIPES``).
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from phylolens.errors import InputError
from phylolens.guided.recipes import GUIDE_RECIPES, GuideRecipe
from phylolens.rank_names import standard_name
from phylolens.reading.text import read_text

STAGES = ("check", "embed", "classify", "guide", "signal", "place", "bench", "report")
SECTIONS = (
    "classify",
    "guide",
    "signal",
    "place",
    "bench",
)  # of a run; pretrain is a verb of its own
PATHS = (
    "images",
    "meta",
    "tree",
    "distances",
    "barcodes",
    "trees",
    "features",
    "unknowns",
    "ids",
    "matches",
    "weights",
    "out",
)
PUBLISHED = "roy2025"
VALAN = "valan2019"  # a recipe of classification alone
# What a preset sets wherever nothing else was given, by section.
PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "default": {},
    PUBLISHED: {
        "classify": {"recipe": PUBLISHED},
        "guide": {"recipe": PUBLISHED, "divisor": GUIDE_RECIPES[PUBLISHED].divisor},
    },
}
_GUIDED = {
    "backbone": str(GUIDE_RECIPES[PUBLISHED].backbone),
    "fit": str(GUIDE_RECIPES[PUBLISHED].fit),
}
# The networks of the published experiments, and how they made images square. The study says
# nothing of its visual distances; those of its guided embedding are tested.
NETWORKS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "default": {},
    PUBLISHED: {
        "classify": {"backbone": "convnext-tiny", "fit": "squash"},
        "embed": _GUIDED,
        "guide": _GUIDED,
        "signal": _GUIDED,
        "place": _GUIDED,
        "bench": _GUIDED,
    },
    VALAN: {"classify": {"backbone": "vgg16", "fit": "squash"}},
}
# Classification of the published study, where it departs from the defaults of ClassifySettings.
CLASSIFY_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    PUBLISHED: {
        "models": ("rf", "rf-weighted", "rf-balanced-bagging"),
        "splits": ("random",),
        "upsample_to": 1000,
        "augmentation": "gaussian-noise",
        "trust": False,
        "feature_ranking": True,
    },
    # All five blocks of convolutions, averaged over space (--layers), then root and machines.
    VALAN: {
        "models": ("svm-plain", "rf"),
        "splits": ("random",),
        "steps": ("root",),
        "upsample_to": 0,
        "augmentation": "flip-rotate-jitter-affine",
        "trust": False,
    },
}
CLASSIFY_SOURCES = {
    "default": "PhyloLens",
    VALAN: "Valan et al. (2019) Syst. Biol. 68:876: feature transfer with linear machines",
    PUBLISHED: "Roy (2025), TU Ilmenau, experiment 1: classification with feature transfer",
}
HEADS = (
    "default, linear, lda, svm, svm-plain, svm-rbf, prototype, mlp-weighted, hgnn, hgnn-dual, "
    "sequential, parallel, rf, rf-weighted, rf-balanced-bagging, rf-tuned, finetune (trains the "
    "network itself; slow)"
)
LEARNERS = (
    "default, soft, phylo-ridge, kernel-ridge, gp, attention, attention+projection, metric, "
    "finetune (trains the network itself; slow), unguided"
)
VISUAL_DISTANCES = "chord, cosine, euclidean, manhattan, rbf, polynomial, gaussian-kl"
Rank = Annotated[str, AfterValidator(standard_name)]


def _setting(default: Any, description: str, **more: Any) -> Any:
    """Declare a setting; ``option`` is its name on the command line where that differs."""
    option = more.pop("option", None)
    extra = {} if option is None else {"option": option}
    return Field(default=default, description=description, json_schema_extra=extra, **more)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _shares(found: object) -> object:
    """Check shares of unknown taxa: a number, or numbers by rank, also as text."""
    if isinstance(found, str):
        found = _shares_of_text(found)
    named = found if isinstance(found, Mapping) else {"": found}
    values = list(named.values())
    if not all(isinstance(value, int | float) for value in values):
        raise ValueError("should be a number, or one number a rank")
    if min(values, default=0) < 0 or not sum(values) < 1:
        raise ValueError("shares should be 0 or more and add up to less than 1")
    if isinstance(found, Mapping):
        return {standard_name(str(rank)): value for rank, value in found.items()}
    return found


def _shares_of_text(text: str) -> object:
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.split("=") for part in text.split(",")]
        return {rank.strip(): float(share) for rank, share in pairs}
    except ValueError as error:
        raise ValueError(
            f"'{text}' is no share of unknown taxa; give a number such as 0.1, or shares by rank "
            "such as species=0.05,genus=0.02"
        ) from error


def _recipe(name: str) -> str:
    if name not in CLASSIFY_PRESETS:
        raise ValueError(f"unknown recipe '{name}'; known: {', '.join(CLASSIFY_PRESETS)}")
    return name


class ClassifySettings(_Section):
    """Classification."""

    recipe: Annotated[str, AfterValidator(_recipe)] = _setting(
        "default", "default, roy2025 or valan2019."
    )
    ranks: tuple[Rank, ...] | None = _setting(
        None, "Ranks to classify; by default all down to the rank of comparison.", option="--at"
    )
    models: tuple[str, ...] = _setting(
        ("default", "rf"), f"Some of {HEADS}; with settings after a colon (svm:C=10)."
    )
    splits: tuple[str, ...] = _setting(
        ("random", "leave-species-out"),
        "How to test: random, leave-species-out (or any other rank), leave-source-out; the first "
        "is the one reported.",
    )
    imbalance: str = _setting(
        "none", "What to do about rare classes: none, weights or logit-adjustment."
    )
    upsample_to: int = _setting(
        0, "Raise rare training classes to this many images (0: do not).", ge=0
    )
    copies: int = _setting(0, "Altered copies of every training image (0: none).", ge=0)
    sample_down_to: int = _setting(
        0,
        "Sample frequent training classes down to this many images; every genus and species of a "
        "class stays (0: do not).",
        ge=0,
    )
    augmentation: str = _setting(
        "flip-rotate-jitter-affine",
        "How copies are altered: gaussian-noise or flip-rotate-jitter-affine.",
    )
    steps: tuple[str, ...] = _setting(
        (), "Transforms ahead of every model, such as root,unit,pca:300,select:200."
    )
    test_share: float = _setting(0.2, "Share of specimens to test on.", gt=0, lt=1)
    repeats: int = _setting(
        1, "Repeat the tests on this many splits; mean and sd are reported.", ge=1
    )
    alpha: float = _setting(0.1, "Accepted share of wrong answers (default 0.1).", gt=0, lt=1)
    alpha_unknown: float = _setting(
        0.2,
        "Accepted share of wrong answers among specimens of unknown species, of unknown genera "
        "and so on, each by itself (default 0.2).",
        gt=0,
        lt=1,
    )
    unknown_share: Annotated[float | dict[str, float], BeforeValidator(_shares)] = _setting(
        0.1,
        "Share of new specimens expected to be of unknown taxa (default 0.1, all kinds alike), or "
        "by rank: species=0.05,genus=0.02.",
    )
    calibration: Literal["cross", "split"] = _setting(
        "cross",
        "'cross' fits the stored model to all specimens (default); 'split' keeps a fifth from it, "
        "for coverage as promised.",
    )
    trust: bool = _setting(True, "Do not calibrate and store a model.", option="--no-trust")
    ablation: bool = _setting(False, "Test what each choice of features adds.")
    feature_ranking: bool = _setting(
        False, "Rank the features of the first forest, by impurity and by permutation."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        """Let the preset say what nobody said."""
        if not isinstance(values, Mapping):
            return values
        preset = CLASSIFY_PRESETS.get(str(values.get("recipe", "default")), {})
        given = {key: value for key, value in values.items() if value is not None}
        return {**preset, **given}


class GuideSettings(_Section):
    """Guided embedding."""

    recipe: str = _setting("default", "default (judged on clades held out) or roy2025 (in-sample).")
    learner: tuple[str, ...] | None = _setting(
        None,
        "Learners, separated by commas, with settings after a colon "
        "(metric:loss=triplet,hidden=64); the first is the one reported. Some of "
        f"{LEARNERS}.",
    )
    held_out: Rank | None = _setting(
        None,
        "Rank whose clades are held out; by default the next coarser one with three or more.",
    )
    refits: int | None = _setting(
        None,
        "Refits to permuted taxa, for the p-value (default 99, of finetune none; 0: none).",
        ge=0,
    )
    per_taxon: int | None = _setting(
        None, "Images of each taxon: sampled down or altered copies added.", ge=2
    )
    sample_down_to: int | None = _setting(
        None,
        "Sample frequent taxa down to this many images; every genus and species of a taxon stays.",
        ge=1,
    )
    sampling_table: bool | None = _setting(None, "Compare sampling schemes by held-out skill.")
    epochs: int | None = _setting(None, "Steps of the fit (roy2025).", ge=1)
    learning_rate: float | None = _setting(None, "Of the fit (roy2025).", gt=0)
    divisor: float | None = _setting(
        None, "Genetic distance that counts as -1; by default the largest.", gt=0
    )

    def chosen(self) -> GuideRecipe:
        """Return the recipe with what was set.

        Raises
        ------
        InputError
            If there is no such recipe, or it has no use for a setting.
        """
        if self.recipe not in GUIDE_RECIPES:
            raise InputError(
                f"unknown recipe '{self.recipe}'.", hint=f"Known: {', '.join(GUIDE_RECIPES)}."
            )
        recipe = GUIDE_RECIPES[self.recipe]
        own = set(recipe.options)
        every = dict.fromkeys(name for one in GUIDE_RECIPES.values() for name in one.options)
        given = {name: getattr(self, name) for name in every if getattr(self, name) is not None}
        if unused := [option_name(type(self), name) for name in given if name not in own]:
            raise InputError(
                f"the recipe '{self.recipe}' has no use for these settings.",
                where="guide",
                ids=unused,
                hint=f"Leave them out, or choose another recipe: {', '.join(GUIDE_RECIPES)}.",
            )
        given.pop("held_out", None)  # of the data, not of the recipe
        return replace(recipe, **given)


class SignalSettings(_Section):
    """Test of visual against genetic distance."""

    distance: str = _setting(
        "chord",
        f"Visual distance: {VISUAL_DISTANCES}; several, separated by commas, are compared in one "
        "table, and the first is the one reported.",
    )
    compare: tuple[str, ...] = _setting((), "Further visual distances for one table.", option="")
    debias: bool = _setting(
        True,
        "Take the sampling noise of few specimens out of visual distances (default), or leave "
        "them as measured.",
    )
    permutations: int = _setting(999, "Random permutations of the taxa (default 999).", ge=1)
    axes: int | None = _setting(
        None, "Principal coordinates that PROTEST, K_A and K_G compare.", ge=1
    )
    tree_method: Literal["nj", "bme", "upgma"] = _setting(
        "nj", "Tree from images: nj (default), bme or upgma."
    )
    replicates: int | None = _setting(
        None,
        "Replicates of the specimen bootstrap (default 100, of more than 500 taxa 50; 0 for none).",
        ge=0,
    )
    simulations: int = _setting(
        500, "Simulations of Brownian motion for disagreeing pairs (default 500).", ge=40
    )
    fdr: float = _setting(
        0.05, "False-discovery rate of disagreeing pairs (default 0.05).", gt=0, lt=1
    )

    @model_validator(mode="before")
    @classmethod
    def _several_distances(cls, values: Any) -> Any:
        """Take ``distance = "chord,euclidean"`` as the distance and what it is compared with."""
        named = values.get("distance") if isinstance(values, Mapping) else None
        if not isinstance(named, str) or "," not in named:
            return values
        first, *others = (part.strip() for part in named.split(",") if part.strip())
        return {**values, "distance": first, "compare": (*others, *values.get("compare", ()))}


def _checkpoints(found: object) -> object:
    """Take ``name=path`` pairs, as they are typed, for a table."""
    if isinstance(found, str):
        found = [part.strip() for part in found.split(",") if part.strip()]
    if not isinstance(found, list | tuple):
        return found
    pairs = [str(part).partition("=") for part in found]
    wrong = [name for name, equal, path in pairs if not (name and equal and path)]
    if wrong:
        raise ValueError(f"'{wrong[0]}' names no file; write NAME=PATH, such as bioclip-2=weights")
    return {name.strip(): path.strip() for name, _, path in pairs}


class BenchSettings(_Section):
    """Bench of similarity learning."""

    cells: tuple[str, ...] | None = _setting(
        None,
        "What to judge, separated by commas: 'all' (default of the verb bench), categories "
        "(supervised), cells (supervised/few-shot) or methods (simclr). The verb run judges "
        "nothing unless this is given.",
    )
    budget: Literal["quick", "full"] = _setting(
        "quick", "quick: five folds of clades and short training (default); full: every clade."
    )
    held_out: Rank | None = _setting(
        None,
        "Rank whose clades are held out; by default the next coarser one with three or more.",
    )
    refits: int | None = _setting(
        None,
        "Refits of cheap methods to permuted taxa, for p-values (default 99, of full 999).",
        ge=0,
    )
    refit_seconds: float | None = _setting(
        None,
        "Seconds of the processor that the refits of one method may take (default 100, of full "
        "3600); of slower ones none are made.",
        gt=0,
    )
    views: int = _setting(4, "Altered views of each image, for self-supervision.", ge=2, le=32)
    checkpoints: Annotated[dict[str, Path], BeforeValidator(_checkpoints)] = _setting(
        {}, "Weights that cannot be bundled, NAME=PATH, separated by commas (bioclip-2=FOLDER)."
    )


class PlaceSettings(_Section):
    """Placement of unknowns."""

    method: Literal["default", "nearest", "least-squares", "brownian", "calibrated"] = _setting(
        "default",
        "nearest, least-squares, brownian or calibrated; default: the one that places taxa left "
        "out best.",
    )
    depth: Rank | None = _setting(
        None,
        "How new the unknowns are, where you know it: 'genus' says that their genus is not among "
        "the reference taxa.",
    )
    age: float | None = _setting(
        None,
        "Age of the unknowns before the tips of the tree, in its unit; fossils attach below it.",
        ge=0,
    )
    certainty: float = _setting(
        0.8, "Share of claims about clades that are to be right (default 0.8).", gt=0, lt=1
    )


class PretrainSettings(_Section):
    """Self-supervised training of a backbone on one's own images."""

    method: Literal["simclr", "byol", "moco", "swav", "deepcluster"] = _setting(
        "simclr", "simclr (default), byol, moco (needs lightly), swav or deepcluster."
    )
    train: Literal["blocks", "all"] = _setting(
        "blocks",
        "blocks: the last ones, on what the frozen part made of the images once (default); all: "
        "the whole network, for which a GPU is advised.",
    )
    blocks: int = _setting(2, "Groups of layers to train, counted from the end (default 2).", ge=1)
    epochs: int = _setting(20, "Passes over the images in all (default 20).", ge=1)
    minutes: float | None = _setting(
        None,
        "Begin no epoch that would end after so many minutes of this command; the same command "
        "goes on.",
        gt=0,
    )
    image_size: int | None = _setting(
        None, "Side of the images in training, pixels; the network's own by default.", ge=32
    )
    batch: int | None = _setting(
        None, "Images of a batch (default 256; with --train all 64).", ge=2
    )
    views: int = _setting(8, "Altered views of each image (default 8).", ge=2, le=64)
    rate: float = _setting(1e-4, "Step of AdamW (default 0.0001).", gt=0)
    temperature: float | None = _setting(None, "Of the softmax (default 0.1, of moco 0.2).", gt=0)


class Settings(_Section):
    """Everything a run needs: inputs, results directory, seed, and the settings of each stage.

    Unknown names are refused. Each field is an option of the command line, with the same meaning
    and the same default.

    Examples
    --------
    >>> from phylolens import Settings
    >>> settings = Settings(meta="meta.csv", images="photos", signal={"permutations": 1999})
    >>> settings.seed, settings.signal.permutations
    (0, 1999)
    """

    preset: Literal["default", "roy2025"] = _setting(
        "default",
        "roy2025: both published experiments as published, each with its own network, unless "
        "--backbone names another.",
    )
    images: Path | None = _setting(
        None, "Folder of images; labels from --meta, nested folders or --pattern."
    )
    meta: Path | None = _setting(
        None, "Table (CSV, TSV, parquet) with a column 'file' and one column a rank."
    )
    pattern: str | None = _setting(
        None, "Labels in file names, such as '{order}_{family}_{genus}_{species}_{n}'."
    )
    ranks: tuple[Rank, ...] | None = _setting(
        None, "Rank columns, coarse to fine, separated by commas."
    )
    tree: Path | None = _setting(None, "Tree with branch lengths (Newick, NEXUS).")
    distances: Path | None = _setting(
        None, "Square matrix of genetic distances (CSV, TSV, PHYLIP)."
    )
    barcodes: Path | None = _setting(
        None,
        "DNA barcodes (FASTA) instead of --tree; headers name specimens or taxa. Beside --tree or "
        "--distances: how far they agree.",
    )
    genetic: Literal["levenshtein", "p", "jc69", "k2p", "tn93", "logdet"] = _setting(
        "k2p",
        "Distance between barcodes: levenshtein, p, jc69, k2p (default), tn93 or logdet.",
    )
    trees: Path | None = _setting(
        None,
        "Sample of trees beside --tree (posterior, bootstrap; Newick or NEXUS): interval of every "
        "statistic over them.",
    )
    features: Path | None = _setting(
        None, "Features made elsewhere (parquet, CSV, npz; first column ids)."
    )
    unknowns: Path | None = _setting(
        None,
        "Unknown specimens to place on the tree: a folder of images (each sub-folder is one "
        "specimen), or a table of features.",
    )
    ids: Path | None = _setting(
        None, "Names of the rows, one a line, of a matrix or of features (.npy) without names."
    )
    matches: Path | None = _setting(
        None,
        "Table with 'name' (of the phylogeny) and 'candidate' (taxon of the images): matches.csv "
        "of the results, checked and edited.",
    )
    rank: Rank | None = _setting(None, "Rank of comparison; family by default where there is one.")
    confound: tuple[str, ...] | None = _setting(
        None,
        "Column that may make taxa look alike, such as where images come from (repeatable), "
        "instead of those found; 'none' for none.",
    )
    skip_bad: bool = _setting(False, "Leave bad rows out (they are listed) instead of stopping.")
    backbone: str = _setting(
        "efficientnet-lite0",
        "Feature extractor, see 'phylolens backbones' (default efficientnet-lite0); several, "
        "separated by commas, are joined.",
    )
    weights: Path | None = _setting(None, "Checkpoint file; for a single backbone.")
    layers: tuple[str, ...] = _setting(
        (),
        "Layers of every backbone to pool and join, separated by commas; 'final' is its own "
        "output.",
    )
    fit: Literal["pad", "squash", "crop"] | None = _setting(
        None, "How an image becomes square: pad, squash or crop."
    )
    flips: bool = _setting(
        False,
        "Average each image with its mirror image; not for coiled shells, single valves of "
        "unequal pairs or anything else with a handedness.",
    )
    device: str = _setting("auto", "auto, cpu or cuda (default auto).")
    seed: int = _setting(0, "Seed of everything random (default 0).", ge=0)
    out: Path = _setting(
        Path("phylolens-out"),
        "Results directory; an existing one is continued (default phylolens-out).",
    )
    classify: ClassifySettings = ClassifySettings()
    guide: GuideSettings = GuideSettings()
    signal: SignalSettings = SignalSettings()
    place: PlaceSettings = PlaceSettings()
    bench: BenchSettings = BenchSettings()
    pretrain: PretrainSettings = PretrainSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        """Let the preset say what nobody said."""
        if not isinstance(values, Mapping):
            return values
        found = dict(values)
        for section, preset in PRESETS.get(str(found.get("preset", "default")), {}).items():
            given = found.get(section, {})
            if isinstance(given, Mapping):
                found[section] = {**preset, **given}
        return found

    def for_stage(self, stage: str) -> "Settings":
        """Return the settings of a stage: with the preset's own network, unless one was given.

        Parameters
        ----------
        stage : str
            Such as ``classify``.

        Returns
        -------
        Settings
            These, or a copy with the network of the preset.
        """
        network = NETWORKS[self.preset].get(stage, {})
        if self.features is not None or "backbone" in self.model_fields_set:
            return self
        own = {name: value for name, value in network.items() if name not in self.model_fields_set}
        return self.model_copy(update=own) if own else self

    @property
    def has_phylogeny(self) -> bool:
        """Whether a tree, a matrix or barcodes were given."""
        return any(given is not None for given in (self.tree, self.distances, self.barcodes))


def make_settings(values: Mapping[str, Any], where: object = "settings") -> Settings:
    """Build :class:`Settings`.

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
    if not by_option:
        return ".".join(map(str, place))
    names = [str(part) for part in place if isinstance(part, str)]
    model: type[BaseModel] = Settings
    if names[0] in SECTION_MODELS and len(names) > 1:
        model, names = SECTION_MODELS[names[0]], names[1:]
    return option_name(model, names[0]) if names[0] in model.model_fields else f"--{names[0]}"


SECTION_MODELS: Mapping[str, type[BaseModel]] = {
    "classify": ClassifySettings,
    "guide": GuideSettings,
    "signal": SignalSettings,
    "place": PlaceSettings,
    "bench": BenchSettings,
    "pretrain": PretrainSettings,
}


def option_name(model: type[BaseModel], name: str) -> str:
    """Name a setting's option on the command line; blank where it has none."""
    extra = model.model_fields[name].json_schema_extra
    own = extra.get("option") if isinstance(extra, dict) else None
    return f"--{name.replace('_', '-')}" if own is None else str(own)


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
