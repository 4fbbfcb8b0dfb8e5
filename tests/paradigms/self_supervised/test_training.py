"""Training is the same bytes again, also when it was interrupted."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.vision

from phylolens.embedding.threads import one_thread  # noqa: E402
from phylolens.errors import InputError  # noqa: E402
from phylolens.guided.learners.metric_head import first_weights  # noqa: E402
from phylolens.paradigms.self_supervised.checkpoint import (  # noqa: E402
    read_checkpoint,
    write_checkpoint,
)
from phylolens.paradigms.self_supervised.head import HeadEncoder  # noqa: E402
from phylolens.paradigms.self_supervised.training import (  # noqa: E402
    OBJECTIVES,
    Trainer,
    make_objective,
)

N, VIEWS, WIDTH = 40, 4, 5


def trainer(method: str, batch: int = 16, rate: float = 1e-2) -> Trainer:
    if method == "moco":
        pytest.importorskip("lightly")
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(N, 1, WIDTH))
    views = torch.tensor((centres + 0.3 * rng.normal(size=(N, VIEWS, WIDTH))).astype(np.float32))
    encoder = HeadEncoder(first_weights(WIDTH, 3, 8, rng))
    objective = make_objective(method, encoder, 3, N)
    return Trainer(
        objective, lambda rows, numbers: views[rows, numbers], VIEWS, batch=batch, rate=rate
    )


@pytest.mark.parametrize("method", OBJECTIVES)
def test_interrupted_training_goes_on_to_the_same_bytes(method, tmp_path):
    file = tmp_path / "state.safetensors"
    with one_thread():
        whole = trainer(method)
        losses = [whole.epoch(number) for number in (1, 2, 3, 4)]
        first = trainer(method)
        told = {"mark": "a", "losses": [first.epoch(number) for number in (1, 2)]}
        write_checkpoint(file, first, told)
        second = trainer(method)
        assert read_checkpoint(file, second, "another") is None
        found = read_checkpoint(file, second, "a")
        assert found == told
        again = found["losses"] + [second.epoch(number) for number in (3, 4)]
    assert again == losses
    ours, theirs = whole.objective.encoder.plain(), second.objective.encoder.plain()
    assert all((ours[name] == theirs[name]).all() for name in ours)


@pytest.mark.parametrize("method", ["simclr", "byol", "moco"])
def test_the_loss_falls(method):
    with one_thread():
        found = trainer(method)
        losses = [found.epoch(number) for number in range(1, 16)]
    assert np.mean(losses[-3:]) < np.mean(losses[1:4])


def test_a_checkpoint_cut_short_is_not_used(tmp_path):
    file = tmp_path / "state.safetensors"
    write_checkpoint(file, trainer("simclr"), {"mark": "a", "losses": []})
    file.write_bytes(file.read_bytes()[:-100])
    assert read_checkpoint(file, trainer("simclr"), "a") is None
    assert read_checkpoint(tmp_path / "none", trainer("simclr"), "a") is None


def test_two_views_of_an_image_differ_and_every_image_is_seen_once():
    found = trainer("simclr")
    asked = []

    def inputs(rows, numbers):
        asked.append((rows, numbers))
        return torch.tensor(rows[:, None] / N).float() + torch.zeros(len(rows), WIDTH)

    found.inputs = inputs
    with one_thread():
        found.epoch(1)
    assert sorted(np.concatenate([rows for rows, _ in asked[::2]])) == list(range(N))
    for (rows, numbers), (same, others) in zip(asked[::2], asked[1::2], strict=True):
        assert (rows == same).all()
        assert (numbers != others).all()


@pytest.mark.parametrize(("batch", "expected"), [(16, 2), (256, 1), (2, 20)])
def test_batches_are_equally_large_and_hold_two_images_at_least(batch, expected):
    assert trainer("simclr", batch).batches == expected


def test_a_loss_that_is_no_number_ends_with_advice():
    found = trainer("byol")
    found.inputs = lambda rows, numbers: torch.full((len(rows), WIDTH), torch.nan)
    with one_thread(), pytest.raises(InputError, match=r"no number.*--rate"):
        found.epoch(1)
