"""What a method costs: seconds of the processor and the most memory it takes."""

import threading
import time
from types import TracebackType
from typing import Any, Self

import psutil

EVERY = 0.02  # seconds between two looks at the memory


class Cost:
    """Measure what happens within a ``with`` block.

    Attributes
    ----------
    seconds : float
        Of the processor, all threads together.
    peak_mb : float
        The most memory beyond that at the start, in megabytes, looked at fifty times a second.
    """

    def __enter__(self) -> Self:
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._start = time.process_time()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self._most = max(self._most, self._process.memory_info().rss)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._most = max(self._most, self._process.memory_info().rss)
        self.seconds = time.process_time() - self._start
        self.peak_mb = (self._most - self._before) / 1e6


def trained_parameters(learner: Any) -> int | None:
    """Count the numbers that a fitted learner trained; None where it does not tell.

    Learners tell it as ``trained_parameters``; of others, what their attributes of fitted weights
    hold is counted.
    """
    told = getattr(learner, "trained_parameters", None)
    if told is not None:
        return int(told)
    inner = getattr(learner, "_learner", None)
    if inner is not None:
        return trained_parameters(inner)
    weights = getattr(learner, "weights_", None)
    if isinstance(weights, dict):
        return sum(int(one.size) for one in weights.values())
    if weights is not None:
        projection = getattr(learner, "projection_", None)
        return int(weights.size) + (0 if projection is None else int(projection.size))
    return None
