"""The permutation tests as rows of a table."""

from typing import Any

from phylolens.report.wording import number, p_value

TEST_WORDS = {
    "mantel_pearson": "Mantel test, Pearson",
    "mantel_spearman": "Mantel test, Spearman (ranks)",
}


def about_test(name: str, test: dict[str, Any]) -> dict[str, Any]:
    """Sum up one test of ``signal.json``."""
    interval = test.get("interval")
    return {
        "name": name,
        "words": TEST_WORDS.get(name, name),
        "statistic": test["statistic"],
        "p_value": test["p_value"],
        "n": test["n"],
        "n_permutations": test["n_permutations"],
        "exact": bool(test.get("exact")),
        "smallest_p": test.get("smallest_p"),
        "q95": (test.get("null_quantiles") or {}).get("0.95"),
        "r": number(test["statistic"]),
        "p": p_value(test["p_value"]),
        "interval": f"{number(interval[0])} to {number(interval[1])}" if interval else "",
        "interval_method": test.get("interval_method", ""),
        "histogram": test.get("null_histogram") or {},
        "alternative": test.get("alternative", "greater"),
    }


def each_test(tests: list[dict[str, Any]]) -> str:
    """Name every test with its figures."""
    return "; ".join(f"{test['words']}: r = {test['r']}, p = {test['p']}" for test in tests)


def orders_tried(test: dict[str, Any]) -> str:
    """Say how many orders of the taxa were tried."""
    if test["exact"]:
        return f"all {test['n_permutations']:,} orders of the taxa tried"
    return f"{test['n_permutations']:,} random permutations of the taxa"
