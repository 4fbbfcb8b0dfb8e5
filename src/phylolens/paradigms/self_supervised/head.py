"""The head of the guided learner ``metric`` as an encoder of its own. Imports torch."""

import torch

from phylolens.guided.learners.inputs import Weights, apply_head


class HeadEncoder(torch.nn.Module):
    """A linear map with a hidden layer beside it.

    Parameters
    ----------
    first : dict of array
        Weights to start from; see :func:`phylolens.guided.learners.metric_head.first_weights`.
    """

    def __init__(self, first: Weights) -> None:
        super().__init__()
        self.head = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.tensor(value)) for name, value in first.items()}
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Embed rows, shape (n, c) to (n, k)."""
        found: torch.Tensor = apply_head(rows, dict(self.head.items()), torch.relu)
        return found

    def plain(self) -> Weights:
        """Copy the weights out of torch."""
        return {name: value.detach().numpy().copy() for name, value in self.head.items()}
