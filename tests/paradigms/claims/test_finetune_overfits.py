"""Overfitting: learners that remember, learners that do not, and a tiny network for real."""

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from phylolens.paradigms.claims import finetune_overfits
from phylolens.paradigms.claims.finetune_overfits import CLAIM, compare, overfit, row_ranks

EACH = 4


@pytest.fixture
def taxa(tiny):
    """Twenty taxa on a line, of four images each, in ten clades."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.standard_normal((20, 1)), EACH, axis=0)
    return tiny(rows + 0.5 * rng.standard_normal(rows.shape), EACH)


class Honest:
    """Distances of means, alike for taxa known and new."""

    def fit(self, sample, genetic, groups):
        """Remember the means."""
        self.known, self.genetic = sample, genetic
        return self

    def predict(self, new):
        """Compare means."""
        return np.abs(new.means - self.known.means.T)


class Remembers(Honest):
    """Knows all it was fitted to by heart, and has noise for the rest."""

    def predict(self, new):
        """Repeat the distances of the fit."""
        if new.taxa == self.known.taxa:
            return self.genetic
        return np.random.default_rng(0).random((len(new), len(self.known)))


class RemembersFew(Remembers):
    """Remembers where there are few images."""

    def predict(self, new):
        """Repeat the distances of the fit, if they came with few images."""
        few = self.known.sizes.max() < EACH
        return super().predict(new) if few else Honest.predict(self, new)


@pytest.mark.parametrize(
    ("tuned", "head", "wanted"),
    [
        (Remembers, Honest, "holds"),
        (RemembersFew, Honest, "holds"),
        (Honest, Remembers, "does not hold"),
        (Remembers, Remembers, "cannot be said"),
    ],
)
def test_who_overfits_is_found(taxa, tuned, head, wanted):
    data, material = taxa
    assert compare(tuned, head, data, material.seed).holds == wanted


def test_in_sample_is_what_the_fit_had_and_held_out_what_it_had_not(taxa):
    data, _ = taxa
    inside, outside = overfit(Remembers, data.sample, data.sample, data)
    np.testing.assert_allclose(inside, 1)
    assert abs(outside.mean()) < 0.4


def test_rows_are_correlated_without_what_is_missing():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(3, 8)), rng.normal(size=(3, 8))
    one[1, 2] = np.nan
    kept = np.arange(8) != 2
    found = row_ranks(one, other)
    assert found[1] == pytest.approx(spearmanr(one[1, kept], other[1, kept]).statistic)
    assert row_ranks(np.ones((1, 4)), other[:1, :4])[0] == 0


@pytest.mark.vision
def test_a_tiny_network_is_tuned(tiny, methods, monkeypatch, tmp_path):
    monkeypatch.setattr(finetune_overfits, "FOLDS", 2)
    torch = pytest.importorskip("torch")
    pytest.importorskip("timm")
    from dataclasses import replace

    from safetensors.torch import save_file

    from phylolens.embedding import View, find_backbone
    from phylolens.embedding.torch_model import build_network
    from phylolens.embedding.training_images import TrainingImages
    from phylolens.guided.learners.finetune import FineTune

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network(find_backbone("timm:test_resnet"))
    save_file(network.state_dict(), tmp_path / "tiny.safetensors")
    rng = np.random.default_rng(0)
    data, material = tiny(rng.normal(size=(36, 2)), 3, 6)
    views = []
    for name in data.sample.ids:
        pixels = rng.integers(0, 255, (32, 32, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        views.append(View(name, tmp_path / f"{name}.png"))
    material = replace(
        material,
        images=TrainingImages(views),
        backbone="timm:test_resnet",
        weights=str(tmp_path / "tiny.safetensors"),
    )

    def fit(material):
        return FineTune(
            images=material.images, backbone=material.backbone, weights=material.weights,
            blocks=1, epochs=1, batch=6, seed=material.seed,
        )  # fmt: skip

    methods(finetune_blocks=fit)
    verdict = CLAIM.test(material, data)
    assert "over 6 clades" in verdict.figure
    assert np.isfinite(list(verdict.values.values())).all()
