"""Every bad input ends with exit code 2 and one message that says what, where and what next."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

Spoil = Callable[[Path], list[object]]


def _table(study: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(study / "meta.csv")).to_csv(study / "meta.csv", index=False)


def _meta(study: Path) -> list[object]:
    return ["--meta", study / "meta.csv"]


def _tree(study: Path, text: str) -> list[object]:
    (study / "tree.nwk").write_text(text)
    return [*_meta(study), "--tree", study / "tree.nwk"]


def _matrix(study: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> list[object]:
    path = study / "distances.csv"
    change(pd.read_csv(path, index_col=0)).to_csv(path)
    return [*_meta(study), "--distances", path]


def no_input(study: Path) -> list[object]:
    return []


def no_such_folder(study: Path) -> list[object]:
    return ["--images", study / "pictures"]


def empty_folder(study: Path) -> list[object]:
    (study / "empty").mkdir()
    return ["--images", study / "empty"]


def no_labels_in_folder(study: Path) -> list[object]:
    return ["--images", study / "images"]


def pattern_without_match(study: Path) -> list[object]:
    return ["--images", study / "images", "--pattern", "{family}-{genus}-{n}"]


def pattern_without_fields(study: Path) -> list[object]:
    return ["--images", study / "images", "--pattern", "shell"]


def no_such_table(study: Path) -> list[object]:
    return ["--meta", study / "labels.csv"]


def table_not_utf8(study: Path) -> list[object]:
    (study / "meta.csv").write_bytes("file,family\na.png,M\u00fcllerites\n".encode("latin-1"))
    return _meta(study)


def table_without_files(study: Path) -> list[object]:
    _table(study, lambda table: table.drop(columns="file"))
    return _meta(study)


def file_named_twice(study: Path) -> list[object]:
    _table(study, lambda table: pd.concat([table, table.head(1)]))
    return _meta(study)


def table_without_ranks(study: Path) -> list[object]:
    _table(study, lambda table: table[["file"]])
    return _meta(study)


def unknown_rank_column(study: Path) -> list[object]:
    return [*_meta(study), "--ranks", "order,tribe,family"]


def unknown_rank_of_comparison(study: Path) -> list[object]:
    return [*_meta(study), "--rank", "species"]


def missing_picture(study: Path) -> list[object]:
    (study / "images/Arcida_Arcidae_Arca_0.png").unlink()
    return _meta(study)


def truncated_picture(study: Path) -> list[object]:
    path = study / "images/Arcida_Arcidae_Arca_1.png"
    path.write_bytes(path.read_bytes()[:300])
    return _meta(study)


def text_called_jpeg(study: Path) -> list[object]:
    (study / "images/Arcida_Arcidae_Arca_2.png").write_text("not an image")
    return _meta(study)


def same_picture_two_taxa(study: Path) -> list[object]:
    data = (study / "images/Arcida_Arcidae_Arca_0.png").read_bytes()
    (study / "images/Venerida_Veneridae_Venus_0.png").write_bytes(data)
    return _meta(study)


def genus_in_two_families(study: Path) -> list[object]:
    _table(study, lambda table: table.assign(genus=table["genus"].replace("Venus", "Arca")))
    return _meta(study)


def no_such_tree(study: Path) -> list[object]:
    return [*_meta(study), "--tree", study / "absent.nwk"]


def tree_and_matrix(study: Path) -> list[object]:
    return [*_tree(study, "(a:1,b:1,c:1);"), "--distances", study / "distances.csv"]


def tree_broken(study: Path) -> list[object]:
    return _tree(study, "((Arcidae:1,Noetiidae:1:1,(")


def tree_without_lengths(study: Path) -> list[object]:
    return _tree(study, "((Arcidae,Noetiidae),(Veneridae,Mactridae));")


def tree_with_negative_length(study: Path) -> list[object]:
    return _tree(study, "((Arcidae:-1,Noetiidae:1):1,(Veneridae:1,Mactridae:1):1);")


def tree_with_repeated_tip(study: Path) -> list[object]:
    return _tree(study, "((Arcidae:1,Arcidae:1):1,(Veneridae:1,Mactridae:1):1);")


def tree_shares_no_name(study: Path) -> list[object]:
    return _tree(study, "((Homo:1,Pan:1):1,(Mus:1,Rattus:1):1);")


def tree_of_coarser_rank(study: Path) -> list[object]:
    _table(study, lambda table: table.assign(genus=table["file"].str.slice(-8, -4)))
    return [*_tree(study, "((Arcidae:1,Noetiidae:1):1,(Veneridae:1,Mactridae:1):1);"),
            "--rank", "genus"]  # fmt: skip


def matrix_asymmetric(study: Path) -> list[object]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.iloc[0, 1] = 9
        return table

    return _matrix(study, change)


def matrix_with_gap(study: Path) -> list[object]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.astype(object)
        table.iloc[0, 1] = table.iloc[1, 0] = "nan"
        return table

    return _matrix(study, change)


def matrix_negative(study: Path) -> list[object]:
    return _matrix(study, lambda table: -table)


def matrix_with_words(study: Path) -> list[object]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.astype(object)
        table.iloc[2, 0] = "far"
        return table

    return _matrix(study, change)


def matrix_of_covariances(study: Path) -> list[object]:
    own = np.diag([1.0, 2.0, 3.0, 4.0])
    return _matrix(study, lambda table: 1 - table / table.to_numpy().max() + own)


def matrix_not_square(study: Path) -> list[object]:
    return _matrix(study, lambda table: table.iloc[:, :3])


def matrix_of_two_taxa(study: Path) -> list[object]:
    return _matrix(study, lambda table: table.iloc[:2, :2])


def features_with_nan(study: Path) -> list[object]:
    values = np.ones((4, 3))
    values[1, 1] = np.nan
    table = pd.DataFrame(values)
    table.insert(0, "id", ["Arcidae", "Noetiidae", "Veneridae", "Mactridae"])
    table.to_csv(study / "features.csv", index=False)
    return ["--features", study / "features.csv", "--tree", study / "tree.nwk"]


def features_of_other_things(study: Path) -> list[object]:
    pd.DataFrame({"id": ["x", "y"], "f": [1.0, 2.0]}).to_csv(study / "f.csv", index=False)
    return [*_meta(study), "--features", study / "f.csv"]


CASES: dict[Spoil, str] = {
    no_input: "--meta",
    no_such_folder: "no such folder",
    empty_folder: "no images",
    no_labels_in_folder: "--pattern",
    pattern_without_match: "no file name fits",
    pattern_without_fields: "different {fields}",
    no_such_table: "no such file",
    table_not_utf8: "UTF-8",
    table_without_files: "no column of image files",
    file_named_twice: "more than one row",
    table_without_ranks: "no rank columns",
    unknown_rank_column: "'tribe'",
    unknown_rank_of_comparison: "'species'",
    missing_picture: "Arcida_Arcidae_Arca_0.png",
    truncated_picture: "Arcida_Arcidae_Arca_1.png",
    text_called_jpeg: "Arcida_Arcidae_Arca_2.png",
    same_picture_two_taxa: "same image",
    genus_in_two_families: "'Arca'",
    no_such_tree: "absent.nwk",
    tree_and_matrix: "exclude each other",
    tree_broken: "not a Newick or NEXUS tree",
    tree_without_lengths: "no branch lengths",
    tree_with_negative_length: "'Arcidae'",
    tree_with_repeated_tip: "'Arcidae'",
    tree_shares_no_name: "Homo",
    tree_of_coarser_rank: "coarser than genus",
    matrix_asymmetric: "not symmetric",
    matrix_with_gap: "missing or infinite",
    matrix_negative: "negative distances",
    matrix_with_words: "'Veneridae'",
    matrix_of_covariances: "neither zero",
    matrix_not_square: "not a square matrix",
    matrix_of_two_taxa: "at least three",
    features_with_nan: "'Noetiidae'",
    features_of_other_things: "no id of the features",
}


@pytest.mark.parametrize("spoil", CASES, ids=lambda spoil: spoil.__name__)
def test_one_message_and_exit_code_two(spoil: Spoil, study: Path, phylolens: Callable) -> None:
    arguments = spoil(study)
    answer = phylolens("check", *arguments, "--out", study / "out")
    assert answer.code == 2
    assert CASES[spoil] in answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("\n") == 1, "one message, on one line"
    assert not list(study.glob("out/**/*.part")), "nothing half-written"


def test_the_good_study_is_accepted(study: Path, phylolens: Callable) -> None:
    answer = phylolens("check", *_meta(study), "--tree", study / "tree.nwk", "--out", study / "out")
    assert answer.code == 0
    assert "n_usable: 20" in answer.out
    assert not answer.err


def test_bad_rows_are_left_out_on_request_and_named(study: Path, phylolens: Callable) -> None:
    arguments = missing_picture(study)
    answer = phylolens("check", *arguments, "--skip-bad", "--out", study / "out")
    assert answer.code == 0
    assert "n_usable: 19" in answer.out
    assert "Arcida_Arcidae_Arca_0.png" in (study / "out/check.json").read_text()


def test_unknown_key_in_a_study_file(study: Path, phylolens: Callable) -> None:
    (study / "study.toml").write_text('meta = "meta.csv"\nbackbon = "x"\n')
    answer = phylolens("run", study / "study.toml")
    assert answer.code == 2
    assert "backbon" in answer.err


@pytest.mark.parametrize("option", ["--per-taxon=1", "--epochs=0", "--divisor=-1", "--seed=-3"])
def test_settings_out_of_range(option: str, study: Path, phylolens: Callable) -> None:
    answer = phylolens("guide", *_meta(study), "--tree", study / "tree.nwk", option)
    assert answer.code == 2
    assert option.split("=")[0] in answer.err


def test_a_picture_is_no_table(study: Path, phylolens: Callable) -> None:
    Image.new("RGB", (4, 4)).save(study / "meta.png")
    answer = phylolens("check", "--meta", study / "meta.png")
    assert answer.code == 2
    assert "meta.png" in answer.err
