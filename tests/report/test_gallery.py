"""An image weighs what it and its altered copies weigh."""

import pandas as pd
import pytest

from phylolens.report import summarize
from phylolens.report.sections.guided.gallery import by_image
from phylolens.specimens.resample import view_id


def attention_with_copies(files, weights, taxon="Aidae"):
    """``weights[k]`` are those of image k and of its copies."""
    rows = [
        (taxon, view_id(file, copy, "gaussian-noise"), weight)
        for file, own in zip(files, weights, strict=True)
        for copy, weight in enumerate(own)
    ]
    return pd.DataFrame(rows, columns=["taxon", "image", "weight"])


def test_captions_order_and_largest_agree_with_the_sums(make_results):
    out = make_results(["Aidae", "Bidae", "Cidae"], [4, 4, 1], parts=("guide",), pictures=False)
    first = attention_with_copies(
        [f"{k:04d}.png" for k in range(4)], [[0.05, 0.4, 0.05], [0.3], [0.1, 0.02], [0.08]]
    )
    second = attention_with_copies(
        [f"{k:04d}.png" for k in range(4, 8)], [[0.0, 0.3, 0.31], [0.0, 0.19], [0.1], [0.1]],
        "Bidae",
    )  # fmt: skip
    alone = attention_with_copies(["0008.png"], [[0.5, 0.5]], "Cidae")
    pd.concat([first, second, alone]).to_csv(out / "guide/attention.csv", index=False)
    gallery = summarize(out)["guide"]["gallery"]
    assert [taxon["taxon"] for taxon in gallery["taxa"]] == ["Bidae", "Aidae"]
    assert gallery["largest"] == gallery["taxa"][0]["most"][0]["times"] == "2.44"  # 4 × 0.61
    shown = [(one["file"], one["times"]) for one in gallery["taxa"][1]["most"]]
    assert shown == [("0000.png", "2.00"), ("0001.png", "1.20")]
    shown = [(one["file"], one["times"]) for one in gallery["taxa"][1]["least"]]
    assert shown == [("0002.png", "0.48"), ("0003.png", "0.32")]
    # Cidae has one image, which carries all by necessity; 0.5 of Aidae is not more than half.
    assert (gallery["n_one_sided"], gallery["n_taxa"]) == (1, 2)


def test_a_file_named_like_a_copy_is_a_picture_of_its_own():
    table = pd.DataFrame(
        {
            "taxon": "A",
            "image": ["leaf#plate-2", "leaf#plate-2#gaussian-noise-1", "leaf", "x.jpg#flip-12"],
            "weight": [0.1, 0.2, 0.3, 0.4],
        }
    )
    found = by_image(table, {"leaf", "leaf#plate-2", "x.jpg"}).set_index("file")
    assert found["weight"].to_dict() == pytest.approx(
        {"leaf": 0.3, "leaf#plate-2": 0.3, "x.jpg": 0.4}
    )
    assert found["times"].sum() == pytest.approx(3)
