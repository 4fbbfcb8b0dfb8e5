"""Learners and baselines in words: what is judged, and how the learner came about."""

from collections.abc import Mapping
from dataclasses import dataclass

from phylolens.report.text import count, listed, number, plural, sentence
from phylolens.results.guided import GuidedResult
from phylolens.results.guided_parts import LearnerResult, Refits, Setting
from phylolens.results.guided_scores import Agreement, GuideBaselines, HeldOutScores

WORDS = {
    "attention": "a weighted mean of each taxon’s images",
    "attention+projection": "a weighted mean of each taxon’s images, then a linear map",
    "phylo-ridge": "ridge regression to coordinates of the phylogeny",
    "kernel-ridge": "kernel ridge regression to genetic distances",
    "gp": "a Gaussian process, Brownian motion on the tree as its prior",
    "metric": "a map trained on triples and pairs of images, margins by genetic distance",
    "finetune": "the last layers of the network trained further",
    "soft": "each image votes for the known taxa it resembles; their distances are averaged",
    "unguided": "plain means of the images; no genetic distance was fitted",
    "default": "whichever does best on clades left out of the training taxa",
}


def words(name: str) -> str:
    """Say what a learner does; empty for one unknown here."""
    return WORDS.get(without_settings(name), "")


def without_settings(name: str) -> str:
    """Name a learner without its settings: ``metric`` of ``metric:loss=triplet``."""
    return name.partition(":")[0]


@dataclass(frozen=True)
class BaselineWords:
    """How the baseline of skill is called.

    Parameters
    ----------
    key : str
        Its name under ``baselines``.
    name : str
        In a table or in the middle of a sentence.
    of, does : str
        Whose error it is, and with the verb: that it does as well.
    """

    key: str
    name: str
    of: str
    does: str


BEST = BaselineWords(
    "image_free",
    "the best prediction without images",
    "the best prediction without images",
    "the best prediction without images does",
)
MEANS = BaselineWords(
    "column_means",
    "column means alone",
    "calibrated column means, which use no image,",
    "column means, which use no image, do",
)


def baseline_words(base: GuideBaselines) -> BaselineWords:
    """Choose the words by the baseline that skill was measured against."""
    return BEST if base.image_free else MEANS


def clades(held: HeldOutScores) -> str:
    """Name what was held out: ``orders``; ``clades`` where the rank is not recorded."""
    return plural(held.rank) if held.rank else "clades"


@dataclass(frozen=True)
class Judged:
    """A guided embedding that was judged on clades held out.

    Parameters
    ----------
    found : GuidedResult
    held : HeldOutScores
        Of the primary learner.
    """

    found: GuidedResult
    held: HeldOutScores

    @classmethod
    def of(cls, found: GuidedResult) -> "Judged | None":
        """Return None where no clade was held out."""
        return cls(found, found.held_out) if found.held_out else None

    @property
    def null(self) -> Refits:
        """Refits with permuted images, if any."""
        return self.found.null or Refits()

    @property
    def fit(self) -> Agreement:
        """In-sample scores."""
        return in_sample_of(self.found)

    @property
    def base(self) -> GuideBaselines:
        """What images have to beat."""
        return self.found.baselines

    @property
    def words(self) -> BaselineWords:
        """How the baseline of skill is called."""
        return baseline_words(self.base)

    @property
    def rank(self) -> str:
        """Rank of the taxa."""
        return self.found.rank

    @property
    def plural(self) -> str:
        """Taxa, by their rank."""
        return plural(self.rank)

    @property
    def clades(self) -> str:
        """What was held out, by its rank."""
        return clades(self.held)

    @property
    def alone(self) -> bool:
        """Whether each taxon was held out alone."""
        return self.held.rank == self.rank

    @property
    def unseen(self) -> str:
        """Taxa that were held out: alone, or with their whole clade."""
        return f"{self.plural} {'' if self.alone else 'of clades '}never seen"


def in_sample_of(found: GuidedResult) -> Agreement:
    """In-sample scores of the primary learner."""
    own = (found.learners or {}).get(found.primary)
    return found.in_sample or (own.in_sample if own else None) or Agreement()


SETTINGS = {
    "whiten": "shortening of directions in which images of one taxon differ:",
    "strength": "penalty of strength",
}
PICKED = ("why", "learner", "learners", "inner_skill", "inner_score")  # told in words of their own


def about_choice(judged: Judged) -> list[str]:
    """Sentences on learner, choice, fallback and the other learners."""
    found, name, learners = judged.found, judged.found.primary, judged.found.judged()
    chosen = (learners[name].chosen if name in learners else None) or {}
    lines = [_learner(name, chosen, judged.clades)]
    if found.fallback:
        lines.append(
            "The choice fell back to unguided features, and distances are predicted without "
            "images: a fit that tells nothing of clades left out of its own training taxa is not "
            "trusted beyond them."
        )
    settings, inner = _settings(chosen), chosen.get("inner_skill")
    if settings and inner is None:
        lines.append(f"Settings: {settings}.")
    elif settings:
        lines.append(
            f"Settings, chosen by leaving {judged.clades} out of the training taxa: "
            f"{settings} (skill there {_value(inner)})."
        )
    return [*lines, *_others(learners, name)]


def _learner(name: str, chosen: Mapping[str, Setting], clades: str) -> str:
    text = f"Learner: {name}" + (f" ({words(name)})" if words(name) else "")
    if chosen.get("learner"):
        text += f"; on all taxa it chose {chosen['learner']}"
    if chosen.get("learners"):
        text += f"; with {clades} held out in turn, {_value(chosen['learners'])}"
    why = chosen.get("why")
    return sentence(text) + (f" {sentence(str(why))}" if why else "")


def _settings(chosen: Mapping[str, Setting]) -> str:
    return "; ".join(
        f"{SETTINGS.get(key, str(key).replace('_', ' '))} {_value(value)}"
        for key, value in chosen.items()
        if key not in PICKED and value is not None
    )


def _value(value: Setting) -> str:
    """Write a setting: a number, a name, a list, or what each name has or how often it came."""
    if isinstance(value, dict):
        return listed([f"{key} ({_value(own)})" for key, own in value.items()])
    if isinstance(value, list):
        return listed([_value(one) for one in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value)


def _others(learners: Mapping[str, LearnerResult], name: str) -> list[str]:
    """Name the learner that did best afterwards, and what it is worth to know that."""
    known = {
        key: own.held_out.skill
        for key, own in learners.items()
        if own.held_out and own.held_out.skill is not None
    }
    if len(known) < 2 or name not in known:
        return []
    best = max(known, key=lambda key: (known[key], key == name))
    if best == name:
        return [f"Of {count(len(known), 'learner')} compared none did better on held-out clades."]
    return [
        f"Of {count(len(known), 'learner')} compared {best} did best on held-out clades (skill "
        f"{number(known[best])}); picked afterwards, that figure flatters, so the verdict keeps to "
        f"{name}."
    ]
