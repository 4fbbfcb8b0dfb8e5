"""Tables, folders and file names: what is read, and what is refused with file and names."""

import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.specimens import read_specimens

ROWS = [
    ("x/a.jpg", "Ostreida", "Ostreidae"),
    ("x/b.jpg", "Ostreida", ""),
    ("c d.jpg", "Pectinida", "Pectinidae"),
]
HEADER = ("file", "order", "family")


def joined(separator: str, end: str = "\n") -> str:
    return end.join(separator.join(row) for row in (HEADER, *ROWS)) + end


LAYOUTS = {
    "meta.csv": joined(","),
    "meta.tsv": joined("\t"),
    "semicolon.csv": joined(";"),
    "windows.csv": "\ufeff" + joined(";", "\r\n"),
    "oldmac.csv": joined(",", "\r"),
    "blank-lines.csv": "\n\n" + joined(",").replace("\n", "\n\n"),
    "spaces.csv": joined(" , "),
    "quoted.csv": '"file","order","family"\n' + "\n".join('"' + '","'.join(r) + '"' for r in ROWS),
    "blanks.csv": joined(",").replace("Ostreida,\n", "Ostreida,NA\n"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_give_the_same_table(write, name):
    found = read_specimens(meta=write(name, LAYOUTS[name]))
    assert found.ranks == ("order", "family")
    assert list(found.table["file"]) == [row[0] for row in ROWS]
    assert list(found.table["order"]) == [row[1] for row in ROWS]
    assert list(found.table["family"].fillna("?")) == ["Ostreidae", "?", "Pectinidae"]
    assert list(found.table["specimen_id"]) == list(found.table["file"])
    assert not found.has_specimen_ids


def test_parquet_gives_the_same_table(tmp_path):
    table = pd.DataFrame(ROWS, columns=HEADER).replace("", None)
    table["family"] = table["family"].astype("category")
    table.to_parquet(tmp_path / "meta.parquet")
    found = read_specimens(meta=tmp_path / "meta.parquet")
    assert list(found.table["family"].fillna("?")) == ["Ostreidae", "?", "Pectinidae"]


def test_quoted_separators_do_not_decide_the_layout(write):
    text = 'file;"remark, long, very, long";family\na.jpg;"b;c, d";F\nb.jpg;;G\n'
    found = read_specimens(meta=write("m.csv", text))
    assert list(found.table["family"]) == ["F", "G"]


@pytest.mark.parametrize("header", ["FILE", "file_name", "FilePath", "image", "path"])
def test_other_names_of_the_file_column(write, header):
    found = read_specimens(meta=write("m.csv", f"{header},family\na.jpg,F\nb.jpg,G\n"))
    assert list(found.table["file"]) == ["a.jpg", "b.jpg"]


def test_files_are_looked_for_with_images_first(write, tmp_path):
    write("own/a.jpg", "x")
    write("own/b.jpg", "x")
    write("pictures/a.jpg", "x")
    meta = write("own/m.csv", "file,family\na.jpg,F\nb.jpg,G\nc.jpg,G\n")
    found = read_specimens(meta=meta, images=tmp_path / "pictures").table["path"]
    places = [path.relative_to(tmp_path).as_posix() for path in found]
    assert places == ["pictures/a.jpg", "own/b.jpg", "pictures/c.jpg"]


def test_specimen_ids_are_kept_and_gaps_filled(write):
    text = "file,specimen_id,view,split,family\na.jpg,s,top,train,F\nb.jpg,,,test,F\n"
    found = read_specimens(meta=write("m.csv", text))
    assert found.has_specimen_ids
    assert list(found.table["specimen_id"]) == ["s", "b.jpg"]
    assert {"view", "split"} < set(found.table.columns)


def test_named_ranks_win_and_others_are_noted(write):
    text = "file,grob,fein,family\na.jpg,A,a,F\nb.jpg,B,b,F\n"
    found = read_specimens(meta=write("m.csv", text), ranks=["grob", "fein"])
    assert found.ranks == ("grob", "fein")
    (note,) = [problem for problem in found.problems if problem.kind == "unknown-columns"]
    assert note.ids == ("family",)


def test_epithets_are_joined_with_their_genus(write):
    rows = ["a.jpg,Arca,noae", "b.jpg,Arca,Arca zebra", "c.jpg,,noae", "d.jpg,Barbatia,noae"]
    text = "\n".join(["file,genus,species", *rows])
    found = read_specimens(meta=write("m.csv", text))
    assert list(found.table["species"]) == ["Arca noae", "Arca zebra", "noae", "Barbatia noae"]
    assert any(problem.kind == "joined-species" for problem in found.problems)


def test_a_blank_rank_is_left_out_and_named(write):
    found = read_specimens(meta=write("m.csv", "file,order,family\na.jpg,,F\nb.jpg,,G\n"))
    assert found.ranks == ("family",)
    assert any(problem.ids == ("order",) for problem in found.problems)


REFUSED = {
    "empty": ("", "empty"),
    "byte-order mark alone": ("\ufeff", "empty"),
    "header alone": ("file,family\n", "no rows"),
    "no file column": ("foto,family\na.jpg,F\n", "foto, family"),
    "repeated column": ("file,family,family\na.jpg,F,G\n", "'family'"),
    "repeated but for case": ("file,Family,family\na.jpg,F,G\n", "'Family', 'family'"),
    "file twice": ("file,family\na.jpg,F\nb.jpg,F\na.jpg,G\n", "'a.jpg'"),
    "file twice, slashes": ("file,family\nx\\a.jpg,F\nx/a.jpg,G\n", "'x/a.jpg'"),
    "no file name": ("file,family\na.jpg,F\n,G\n", "'row 3'"),
    "rows longer than the header": ("file,family\na.jpg,F,G\nb.jpg,G,H\n", "line 2 (3 cells)"),
    "one row longer": ("file,family\na.jpg,F\nb.jpg,G,H\n", "line 3"),
    "one row shorter": ("file,family,genus\na.jpg,F,x\nb.jpg,G\n", "line 3 (2 cells)"),
    "open quote": ('file,family\na.jpg,"F, x"\nb.jpg,"G\n', "line 3"),
    "no rank": ("file,note\na.jpg,x\nb.jpg,y\n", "--ranks"),
    "NUL": ("file,family\na\0.jpg,F\n", "NUL"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_tables_are_refused_by_name(write, case):
    text, message = REFUSED[case]
    path = write("meta.csv", text)
    with pytest.raises(InputError) as caught:
        read_specimens(meta=path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_other_encodings_are_refused(write):
    with pytest.raises(InputError, match=r"meta\.csv.*not UTF-8.*line 2"):
        read_specimens(meta=write("meta.csv", "file,family\na.jpg,Ü\n", "latin-1"))


def test_what_a_spreadsheet_calls_unicode_text_is_read(write):
    found = read_specimens(meta=write("meta.txt", "file\tfamily\na.jpg\tÜ\n", "utf-16"))
    assert list(found.table["family"]) == ["Ü"]


def test_what_is_no_parquet_is_refused(write):
    with pytest.raises(InputError, match=r"m\.parquet.*not a parquet"):
        read_specimens(meta=write("m.parquet", "file,family\n"))


@pytest.mark.parametrize(
    ("ranks", "message"),
    [(["family", "tribe"], "'tribe'"), (["family", "family"], "twice"), (["file"], "'file'")],
)
def test_unknown_ranks_are_refused(write, ranks, message):
    with pytest.raises(InputError, match=message):
        read_specimens(meta=write("m.csv", "file,family\na.jpg,F\n"), ranks=ranks)


def test_missing_inputs_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv.*no such file.*--meta"):
        read_specimens(meta=tmp_path / "gone.csv")
    with pytest.raises(InputError, match=r"gone.*no such folder.*--images"):
        read_specimens(images=tmp_path / "gone")
    with pytest.raises(InputError, match="no images"):
        read_specimens(images=tmp_path)
    with pytest.raises(InputError, match="no specimens given"):
        read_specimens()


def test_folders_are_ranks_coarse_outside(write, tmp_path):
    for name in ("Arcidae/Arca/1.jpg", "Arcidae/Barbatia/2.PNG", "Pectinidae/3.jpg"):
        write(name, "x")
    for name in ("Arcidae/Arca/.hidden.jpg", "Arcidae/readme.txt"):
        write(name, "x")
    found = read_specimens(images=tmp_path)
    assert found.ranks == ("genus", "species")  # two levels, the finest ranks assumed
    assert len(found) == 3
    (shallow,) = [problem for problem in found.problems if problem.kind == "shallow-file"]
    assert shallow.ids == ("Pectinidae/3.jpg",)
    named = read_specimens(images=tmp_path, ranks=["family", "genus"])
    assert list(named.table["family"]) == ["Arcidae", "Arcidae", "Pectinidae"]
    assert list(named.table["genus"].fillna("?")) == ["Arca", "Barbatia", "?"]


def test_folders_of_wrong_depth_are_refused(write, tmp_path):
    path = write("1/2/3/4/5/6/7/a.jpg", "x").parent
    with pytest.raises(InputError, match="7 deep"):
        read_specimens(images=tmp_path)
    with pytest.raises(InputError, match="names 2 levels but folders are nested 7 deep"):
        read_specimens(images=tmp_path, ranks=["order", "family"])
    with pytest.raises(InputError, match="no sub-folders"):
        read_specimens(images=path)


def test_pattern_reads_file_names(write, tmp_path):
    more = "Arcidae_Arca_noae_v2_2.jpg"
    for name in ("Arcidae_Arca_noae_1.jpg", "deep/Arcidae_Arca_zebra_2.jpg", "odd.jpg", more):
        write(name, "x")
    pattern = "{family}_{genus}_{species}_{n}"
    found = read_specimens(images=tmp_path, pattern=pattern)
    assert found.ranks == ("family", "genus", "species")
    by_file = found.table.set_index("file")
    assert by_file.loc["Arcidae_Arca_noae_1.jpg", "species"] == "Arca noae"
    assert by_file.loc["deep/Arcidae_Arca_zebra_2.jpg", "genus"] == "Arca"
    (wrong,) = [problem for problem in found.problems if problem.kind == "pattern-mismatch"]
    assert wrong.ids == (more, "odd.jpg")
    assert "{species*}" in wrong.message


def test_pattern_may_name_specimens(write, tmp_path):
    write("Arca-s1-1.jpg", "x")
    write("Arca-s1-2.jpg", "x")
    found = read_specimens(images=tmp_path, pattern="{genus}-{specimen_id}-{n}")
    assert found.has_specimen_ids
    assert list(found.table["specimen_id"]) == ["s1", "s1"]
    assert found.ranks == ("genus",)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{family}-{n}", "no file name fits.*'a_1.jpg'"),
        ("{family}_{n}.jpg", "without folder and ending"),
        ("{family}{n}", "something between"),
        ("{family}_{family}", "different"),
        ("plain", "different"),
        ("{1st}_{2nd}", "different"),
        ("{view}_{n}", "no rank columns"),
        ("{file}_{n}", "'file'"),
    ],
)
def test_unusable_patterns_are_refused(write, tmp_path, pattern, message):
    write("a_1.jpg", "x")
    with pytest.raises(InputError, match=message):
        read_specimens(images=tmp_path, pattern=pattern)


@pytest.mark.data
@pytest.mark.parametrize(("name", "rows"), [("birds525", 2605), ("leaf99", 990)])
def test_trial_tables_are_read(shared_data, name, rows):
    found = read_specimens(meta=shared_data / name / "meta.csv")
    assert len(found) == rows
    assert found.ranks == ("class", "order", "family", "genus", "species")
    assert all(path.is_file() for path in found.table["path"])


def test_ranks_named_fine_to_coarse_are_refused(write, tmp_path):
    rows = ["a.jpg,O,F", "b.jpg,O,G", "c.jpg,P,H"]
    meta = write("m.csv", "\n".join(["file,order,family", *rows]))
    with pytest.raises(InputError, match=r"every family lies in one order.*order before family"):
        read_specimens(meta=meta, ranks=["family", "order"])
    for name in ("F_O_1.jpg", "G_O_1.jpg"):
        write(f"pictures/{name}", "x")
    pattern = "{family}_{order}_{n}"
    with pytest.raises(InputError, match="order before family"):
        read_specimens(images=tmp_path / "pictures", pattern=pattern)
    found = read_specimens(images=tmp_path / "pictures", pattern=pattern, ranks=["order", "family"])
    assert found.ranks == ("order", "family")


def test_ranks_of_equal_size_and_faulty_tables_keep_their_order(write):
    equal = write("m.csv", "file,grob,fein\na.jpg,A,a\nb.jpg,B,b\n")
    assert read_specimens(meta=equal, ranks=["fein", "grob"]).ranks == ("fein", "grob")
    faulty = write("f.csv", "file,family,genus\na.jpg,F,g\nb.jpg,G,g\n")
    assert read_specimens(meta=faulty, ranks=["family", "genus"]).ranks == ("family", "genus")


def test_full_names_give_species_and_coarser_names_do_not(write):
    rows = ["a.jpg,Felidae,Felis,Felis catus L.,species", "b.jpg,Felidae,Felis,Felis,genus",
            "c.jpg,Felidae,Puma,Puma concolor (Linnaeus, 1771),SPECIES",
            "d.jpg,Felidae,Lynx,Lynx Kerr 1792,"]  # fmt: skip
    rows[2] = 'c.jpg,Felidae,Puma,"Puma concolor (Linnaeus, 1771)",SPECIES'
    head = "file,dwc:family,dwc:genus,dwc:scientificName,dwc:taxonRank"
    found = read_specimens(meta=write("m.csv", "\n".join([head, *rows])))
    assert found.ranks == ("family", "genus", "species")
    assert list(found.table["species"].fillna("?")) == ["Felis catus", "?", "Puma concolor", "?"]
    assert found.ranks_read.endswith("species (from dwc:scientificName)")


def test_two_columns_of_specimen_ids_are_no_accident(write):
    text = "file,specimenID,family,specimen_id\na.jpg,x,F,s\nb.jpg,y,G,t\n"
    found = read_specimens(meta=write("m.csv", text))
    assert list(found.table["specimen_id"]) == ["s", "t"]
