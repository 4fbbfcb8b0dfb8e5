"""Attention pool at the published size: ours against a torch loop over families, in one run.

11,100 images x 2,048 features, 74 families; the loop is what the experiment looks like when written
down plainly (autograd, one softmax a family).
"""

import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from phylolens.guided import Bags
from phylolens.guided.learners.pool import evaluate
from phylolens.guided.published import published_problem

TAXA, IMAGES, WIDTH, STEPS = 74, 150, 2048, 20


def seconds_per_step(step: object) -> float:
    step()  # type: ignore[operator]
    start = time.perf_counter()
    for _ in range(STEPS):
        step()  # type: ignore[operator]
    return (time.perf_counter() - start) / STEPS


def main() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((TAXA, IMAGES, WIDTH), dtype=np.float32)
    target = rng.uniform(-1, 1, (TAXA, TAXA))
    target = (target + target.T) / 2
    names = tuple(f"family {place}" for place in range(TAXA))
    bags = Bags(names, values, np.ones((TAXA, IMAGES), dtype=bool), tuple(() for _ in names))
    weights = rng.uniform(-1, 1, WIDTH) / np.sqrt(WIDTH)
    segments, problem = bags.segments(), published_problem(target)
    with threadpool_limits(1, "blas"):  # as in the fit
        ours = seconds_per_step(lambda: evaluate(segments, [problem], [weights]))

    families = [torch.from_numpy(family) for family in values]
    wanted = torch.from_numpy(target).float()
    layer = torch.nn.Linear(WIDTH, 1)
    adam = torch.optim.Adam(layer.parameters(), lr=1e-4)
    upper = torch.triu_indices(TAXA, TAXA, 1)

    def torch_step() -> None:
        pooled = torch.stack([torch.softmax(layer(x), 0).T @ x for x in families])[:, 0]
        unit = torch.nn.functional.normalize(pooled, dim=1)
        loss = ((unit @ unit.T - wanted)[upper[0], upper[1]] ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()

    plain = seconds_per_step(torch_step)
    print(f"ours {ours * 1e3:.1f} ms a step, torch loop {plain * 1e3:.1f} ms: {plain / ours:.1f} x")
    print(f"5,000 steps: ours {5000 * ours:.0f} s, torch loop {5000 * plain:.0f} s")


if __name__ == "__main__":
    main()
