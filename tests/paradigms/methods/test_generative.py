import numpy as np
import pytest

torch = pytest.importorskip("torch")

from phylolens.embedding.training_images import TrainingImages  # noqa: E402
from phylolens.errors import InputError  # noqa: E402
from phylolens.paradigms.drawn import Drawn, thumbnails  # noqa: E402
from phylolens.paradigms.generative import (  # noqa: E402
    Decoder,
    Encoder,
    Schedule,
    divergence,
    encode,
    train_encoder,
)


def test_divergence_against_a_sum_over_a_grid():
    mean, log = 0.7, np.log(0.4)
    x = np.linspace(-12, 12, 200001)
    p = np.exp(-((x - mean) ** 2) / (2 * 0.4)) / np.sqrt(2 * np.pi * 0.4)
    q = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    known = p > 0
    expected = np.trapezoid(p[known] * np.log(p[known] / q[known]), x[known])
    found = divergence(torch.tensor([[mean]]), torch.tensor([[log]]))
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(9,), (3, 64, 64)])
def test_what_is_decoded_has_the_shape_of_what_was_encoded(shape):
    rows = torch.randn(2, *shape)
    codes = Encoder(shape, 5, 4)(rows)
    assert codes.shape == (2, 5)
    assert Decoder(shape, 5, 4)(codes).shape == rows.shape


def test_an_autoencoder_finds_the_plane_that_rows_lie_in():
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((400, 2))
    rows = plane @ rng.standard_normal((2, 6))
    rows = torch.tensor((rows / rows.std(axis=0)).astype(np.float32))
    encoder, trained = train_encoder(
        "autoencoder", rows, code=2, width=32, schedule=Schedule(80, 64, 3e-3), rng=rng
    )
    codes = encode(encoder, rows, 2)
    fit = np.linalg.lstsq(np.column_stack([codes, np.ones(400)]), plane, rcond=None)
    explained = 1 - fit[1] / ((plane - plane.mean(axis=0)) ** 2).sum(axis=0)
    assert (explained > 0.9).all()
    assert trained == 6 * 32 + 32 + 32 * 2 + 2 + 2 * 32 + 32 + 32 * 6 + 6


@pytest.mark.parametrize("kind", ["autoencoder", "vae", "gan"])
def test_equal_seeds_give_equal_codes(kind, related):
    data, _ = related
    one, other = (Drawn(kind=kind, epochs=2, seed=4) for _ in range(2))
    for each in (one, other):
        each.learn(data.sample)
    assert np.array_equal(one.embed(data.sample), other.embed(data.sample))
    third = Drawn(kind=kind, epochs=2, seed=5)
    third.learn(data.sample)
    assert not np.allclose(third.embed(data.sample), one.embed(data.sample))


def test_images_are_drawn_small(tmp_path, related):
    from PIL import Image

    from phylolens.embedding import View

    data, _ = related
    few = data.sample.take(np.arange(3))
    rng = np.random.default_rng(0)
    views = []
    for name in few.ids:
        path = tmp_path / f"{name.replace('/', '-')}.png"
        Image.fromarray(rng.integers(0, 255, (70, 90, 3), dtype=np.uint8)).save(path)
        views.append(View(name, path, "", 0))
    images = TrainingImages(views)
    assert thumbnails(images, few.ids[:2]).shape == (2, 3, 64, 64)
    learner = Drawn(kind="vae", images=images, epochs=1, width=4)
    learner.learn(few)
    assert learner.embed(few).shape == (len(few.ids), 32)
    with pytest.raises(InputError, match="of images, not of their features"):
        learner.transform(few.matrix())
    with pytest.raises(InputError, match="without a file"):
        thumbnails(images, ["nowhere"])
