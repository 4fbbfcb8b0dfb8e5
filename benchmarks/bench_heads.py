"""Time and memory of every head at the size of the study: 57,500 training images, 768 features.

Each head is fitted in a process of its own, one after the other, on made-up features of 26 classes
(orders: the rarest have 6 images) and of 6 (subclasses), sizes falling by a constant factor as in
the study; a tenth as many rows are then asked about. CPU seconds are of both together; peak memory
includes Python and the data.

    python benchmarks/bench_heads.py [HEAD ...]
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np

ROWS, WIDTH = 57_500, 768
LARGEST = {26: 12_190, 6: 27_082}  # 80% of the largest order and subclass
SMALLEST = {26: 6, 6: 54}
KINDS = 12  # shapes within a class: classes are no single cloud
TELLING = 40  # dimensions in which classes and their shapes differ
APART = 0.4  # how much, in standard deviations of a dimension


def world(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test features and labels; variance falls with the dimension as in real ones."""
    rng = np.random.default_rng(seed)
    sizes = np.geomspace(LARGEST[classes], SMALLEST[classes], classes)
    sizes = np.maximum(np.round(sizes * ROWS / sizes.sum()), SMALLEST[classes]).astype(int)
    sizes[0] += ROWS - sizes.sum()
    spread = (1 + np.arange(WIDTH)) ** -0.5
    centres = rng.normal(size=(classes, 1, WIDTH)) + rng.normal(size=(classes, KINDS, WIDTH))
    centres[:, :, TELLING:] = 0
    mixing = np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0].astype(np.float32)

    def draw(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        codes = rng.permutation(np.repeat(np.arange(classes), counts))
        X = rng.normal(size=(len(codes), WIDTH)).astype(np.float32)
        X += APART * centres[codes, rng.integers(KINDS, size=len(codes))].astype(np.float32)
        return (X * spread.astype(np.float32)) @ mixing, np.array([f"c{k:02d}" for k in codes])

    return *draw(sizes), *draw(np.maximum(sizes // 10, 1))


def one(name: str, classes: int) -> None:
    """Fit and ask one head; print figures as JSON."""
    from sklearn.metrics import f1_score

    from phylolens.classification.heads import choice_of, fit_head, make_head, probabilities

    X, labels, test, answers = world(classes)
    parents = {f"c{k:02d}": f"p{k // 4}" for k in range(classes)}
    start, worked = time.perf_counter(), time.process_time()
    head = fit_head(make_head(name, 0, parents=parents), X, labels)
    fitted = time.perf_counter()
    predicted = head.classes_[probabilities(head, test).argmax(axis=1)]
    print(
        json.dumps(
            {
                "fit": fitted - start,
                "cpu": time.process_time() - worked,
                "ask": time.perf_counter() - fitted,
                "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
                "accuracy": float((predicted == answers).mean()),
                "f1": float(f1_score(answers, predicted, average="macro")),
                "choice": choice.head if (choice := choice_of(head)) else "",
            }
        )
    )


def main(names: list[str]) -> None:
    from phylolens.classification.heads import HEADS

    print("head                 classes  fit s  ask s  cpu s    GB  accuracy  macro-F1  chosen")
    for name in names or list(HEADS):
        for classes in LARGEST:
            command = [sys.executable, __file__, "--one", name, str(classes)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name:20s} {classes:7d}   failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            times = " ".join(f"{found[key]:6.1f}" for key in ("fit", "ask", "cpu"))
            scores = f"{found['accuracy']:9.3f} {found['f1']:9.3f}  {found['choice']}"
            print(f"{name:20s} {classes:7d} {times} {found['gb']:5.2f} {scores}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1:])
