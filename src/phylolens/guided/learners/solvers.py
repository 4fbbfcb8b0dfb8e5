"""Minimisers of the attention pools: L-BFGS, several fits at once, and Adam as published.

Several minimisations ask for values and gradients together. Each runs SciPy's L-BFGS-B (Byrd et al.
1995, SIAM J. Sci. Comput. 16:1190) in a thread of its own and waits at each evaluation until all
others that still run have come to theirs; then all are evaluated in one call, which can share
passes over data. Who waits for whom depends on the functions alone, not on the clock: results
repeat byte for byte.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from threadpoolctl import threadpool_limits

from phylolens.progress import Progress, silent

# Takes the numbers of problems and a point of each; gives their values and gradients.
Evaluate = Callable[[Sequence[int], Sequence[np.ndarray]], Sequence[tuple[float, np.ndarray]]]


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended.

    Parameters
    ----------
    point : array
    curve : array
        Value at the start and after each step.
    evaluations : int
    """

    point: np.ndarray
    curve: np.ndarray
    evaluations: int


def minimise_together(
    evaluate: Evaluate, starts: Sequence[np.ndarray], *, steps: int, tolerance: float
) -> list[Minimum]:
    """Minimise one function from each start.

    Parameters
    ----------
    evaluate : callable
        Evaluates some of the functions, given by their numbers, at one point each.
    starts : sequence of arrays
        One a function.
    steps : int
        At most so many of L-BFGS-B.
    tolerance : float
        A step that lowers a value by less than this share of it, or of 1, is the last.
    """
    meeting = _Meeting(evaluate, len(starts))

    def run(number: int) -> Minimum:
        curve: list[float] = []

        def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = meeting.ask(number, point)
            if not curve:
                curve.append(value)
            return value, gradient

        def after_step(intermediate_result: OptimizeResult) -> None:
            curve.append(float(intermediate_result.fun))

        try:
            found = minimize(
                objective,
                starts[number],
                jac=True,
                method="L-BFGS-B",
                callback=after_step,
                options={"maxiter": steps, "maxfun": 3 * steps, "ftol": tolerance, "gtol": 1e-9},
            )
        finally:
            meeting.leave()
        return Minimum(found.x, np.array(curve), int(found.nfev))

    # One thread a product: they wait for memory, and the bytes are the same everywhere.
    with threadpool_limits(1, "blas"):
        if len(starts) == 1:  # nobody to wait for
            return [run(0)]
        with ThreadPoolExecutor(len(starts)) as pool:
            return list(pool.map(run, range(len(starts))))


def adam(
    evaluate: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    *,
    steps: int,
    rate: float,
    progress: Progress = silent,
) -> Minimum:
    """Descend by Adam (Kingma & Ba 2015, ICLR) with its published settings, 0.9, 0.999 and 1e-8.

    Parameters
    ----------
    evaluate : callable
        Gives value and gradient at a point.
    start : array of float64, shape (p,)
    steps : int
        So many, whatever they gain; the curve of the minimum has one value more.
    rate : float
        Learning rate.
    progress : callable
        Told every fifty steps.
    """
    point = start.copy()
    first, second = np.zeros(len(point)), np.zeros(len(point))
    curve = np.empty(steps + 1)
    # The passes are bound by memory, not by cores: one thread costs little, gives the same bytes
    # whatever the number of cores, and does not stall beside other programs.
    with threadpool_limits(1, "blas"):
        for step in range(1, steps + 1):
            curve[step - 1], gradient = evaluate(point)
            first += (1 - 0.9) * (gradient - first)
            second += (1 - 0.999) * (gradient**2 - second)
            scale = np.sqrt(second / (1 - 0.999**step)) + 1e-8
            point -= rate * first / (1 - 0.9**step) / scale
            if step % 50 == 0 or step == steps:
                progress("fitting the attention pool", step, steps)
        curve[-1] = evaluate(point)[0]
    return Minimum(point, curve, steps + 1)


class _Meeting:
    """Collects a question of everyone who is still here, and answers them together."""

    def __init__(self, evaluate: Evaluate, present: int) -> None:
        self._evaluate = evaluate
        self._present = present
        self._asked: dict[int, np.ndarray] = {}
        self._answers: dict[int, tuple[float, np.ndarray] | BaseException] = {}
        self._changed = Condition()

    def ask(self, number: int, point: np.ndarray) -> tuple[float, np.ndarray]:
        with self._changed:
            self._asked[number] = point.copy()  # the minimiser may write to its own
            self._answer_if_all_asked()
            self._changed.wait_for(lambda: number in self._answers)
            answer = self._answers.pop(number)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def leave(self) -> None:
        with self._changed:
            self._present -= 1
            self._answer_if_all_asked()

    def _answer_if_all_asked(self) -> None:
        if not self._asked or len(self._asked) < self._present:
            return
        numbers = sorted(self._asked)
        try:
            found = self._evaluate(numbers, [self._asked[number] for number in numbers])
            self._answers.update(zip(numbers, found, strict=True))
        except BaseException as error:  # everyone who waits must learn of it
            self._answers.update(dict.fromkeys(numbers, error))
        self._asked.clear()
        self._changed.notify_all()
