"""Columns that are no rank are kept where they may be confounds."""

from phylolens.specimens import read_specimens, validate


def read(write, header, *rows):
    text = "\n".join([header, *rows])
    return read_specimens(meta=write("m.csv", f"{text}\n"))


def test_columns_that_repeat_are_kept_and_blanks_are_missing(write):
    found = read(
        write,
        "file,family,museum,collector,common_name,family_ja,year,note",
        "a.jpg,F,NHM,x,ark,Fa,1901,",
        "b.jpg,F,NHM,y,ark,Fa,1902,",
        "c.jpg,G,NA,z,clam,Ga,1903,",
        "d.jpg,G,MNHN,-,clam,Ga,1904,",
    )
    assert found.others == ("museum", "collector", "year")
    assert list(found.table["museum"]) == ["NHM", "NHM", None, "MNHN"]
    assert found.ranks == ("family",)


def test_a_value_for_each_image_is_no_source_but_a_number_may_be_one(write):
    rows = [f"{k}.jpg,F,code {k},{k}" for k in range(40)]
    assert read(write, "file,family,barcode,weight", *rows).others == ("weight",)


def test_endings_of_files_and_of_addresses_are_columns(write):
    found = read(
        write,
        "file,family,address",
        "a.jpg,F,https://x.org/1.png?size=2",
        "b.JPEG,F,https://x.org/2.jpg",
        "c.tif,G,https://x.org/3.jpeg",
    )
    assert list(found.table["file ending"]) == ["jpg", "jpg", "tif"]
    assert list(found.table["address ending"]) == ["png", "jpg", "jpg"]
    assert {"file ending", "address ending"} < set(found.others)


def test_what_files_say_of_themselves_is_a_column(write, image):
    image("a.jpg", 1)
    image("b.png", 2)
    found = validate(read(write, "file,family", "a.jpg,F", "b.png,G"))
    assert "image format" in found.others
    assert list(found.table["image format"]) == ["JPEG", "PNG"]
    assert "image size" not in found.others  # both of one size
