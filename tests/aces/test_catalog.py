import json
import pickle
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aces.catalog import Catalog, load_catalog, write_catalog
from aces.errors import CatalogError
from aces.types import Listing, Mark, Product

FORMATS = (".json", ".csv", ".parquet")
HEADER = "id,category,brand,title,price,rating,review_count,stock,pictures,attributes\n"
GOOD = 'cup-1,cups,Ava,Blue cup,4.50,4.2,"1,204",30,,"{""colour"": ""blue""}"\n'


def csv_catalog(folder: Path, rows: str, header: str = HEADER) -> Catalog:
    path = folder / "cups.csv"
    path.write_text(header + rows, encoding="utf-8")
    return load_catalog(path)


# Round trips ---------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
titles = texts.filter(str.strip)
cents = st.integers(0, 10**9)
marks = st.builds(Mark, kind=titles, text=texts, value=st.none() | st.integers(-9, 9) | texts)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    ids = draw(st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
                        min_size=1, max_size=3, unique=True))  # fmt: skip
    products = {
        id: Product(
            id=id,
            category=draw(titles),
            brand=draw(texts),
            attributes=draw(st.dictionaries(texts, texts, max_size=2)),
        )
        for id in ids
    }
    listings = {
        id: Listing(
            product_id=id,
            title=draw(titles),
            description=draw(texts),
            bullets=tuple(draw(st.lists(texts, max_size=2))),
            price_cents=draw(cents),
            list_price_cents=draw(st.none() | cents),
            rating=draw(st.none() | st.floats(0, 5)),
            review_count=draw(st.integers(0, 10**9)),
            stock=draw(st.integers(0, 10**9)),
            seller=draw(texts),
            marks=tuple(draw(st.lists(marks, max_size=2))),
        )
        for id in ids
    }
    currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
    return Catalog(draw(titles), currency, products, listings, {}, {ids[0]: ("rating",)}, 7)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=40, deadline=None)
@given(catalog=catalogs())
def test_any_catalogue_comes_back_as_it_was_written(suffix: str, catalog: Catalog):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"shop{suffix}")
        write_catalog(catalog, path)
        again = load_catalog(path)
    assert again.problems == ()
    assert again == catalog
    assert again.digest == catalog.digest


@pytest.mark.parametrize("suffix", FORMATS)
def test_pictures_travel_beside_the_file(suffix: str, tmp_path: Path):
    demo = load_catalog("demo").subset(["bindora-desk-25", "torvik-hd-120"])
    path = tmp_path / f"staplers{suffix}"
    write_catalog(demo, path)
    again = load_catalog(path)
    assert again == demo
    for key in demo.pictures:
        assert again.picture(key) == demo.picture(key)


def test_other_endings_are_refused(tmp_path: Path):
    with pytest.raises(CatalogError, match=r"none of \.json, \.csv, \.parquet"):
        write_catalog(load_catalog("demo"), tmp_path / "shop.xlsx")


# Bad rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("b,cups,Ava,Cup,free,,,,,", "price", "not a price"),
        ("b,cups,Ava,Cup,NaN,,,,,", "price", "not a price"),
        ("b,cups,Ava,Cup,-3.00,,,,,", "price", "negative"),
        ("b,cups,Ava,Cup,3.999,,,,,", "price", "more than 2 decimals"),
        ("b,cups,Ava,Cup,,,,,,", "price", "missing"),
        ("b,cups,Ava, ,3.00,,,,,", "title", "missing"),
        ("cup-1,cups,Ava,Cup,3.00,,,,,", "id", "was there before"),
        (",cups,Ava,Cup,3.00,,,,,", "id", "missing"),
        ("a b,cups,Ava,Cup,3.00,,,,,", "id", "letters, digits"),
        ("b", "title", "missing"),
    ],
)
def test_a_row_that_cannot_be_sold_is_left_out_and_reported(row, field, reason, tmp_path):
    catalog = csv_catalog(tmp_path, GOOD + row + "\n")
    assert list(catalog.products) == ["cup-1"]
    problem = next(problem for problem in catalog.problems if problem.field == field)
    assert problem.where == "line 3"
    assert problem.left_out
    assert reason in problem.reason
    assert "row left out" in str(problem)


@pytest.mark.parametrize(
    ("row", "field", "kept"),
    [
        ("b,cups,Ava,Cup,3.00,87,,,,", "rating", {"rating": None}),
        ("b,cups,Ava,Cup,3.00,nan,,,,", "rating", {"rating": None}),
        ("b,cups,Ava,Cup,3.00,4.5,-2,,,", "review_count", {"review_count": 0, "rating": 4.5}),
        ("b,cups,Ava,Cup,3.00,,,many,,", "stock", {"stock": 100}),
        ('b,cups,Ava,Cup,3.00,,,,"[""cup.png""]",', "pictures", {"pictures": ()}),
        ("b,cups,Ava,Cup,3.00,,,,cup.png,", "pictures", {"pictures": ()}),
        ("b,cups,Ava,Cup,3.00,,,,,blue", "attributes", {"price_cents": 300}),
        ("b,,Ava,Cup,3.00,,,,,", "category", {"title": "Cup"}),
    ],
)
def test_a_value_that_can_be_spared_costs_only_itself(row, field, kept, tmp_path):
    catalog = csv_catalog(tmp_path, GOOD + row + "\n")
    listing = catalog.listings["b"]
    assert {name: getattr(listing, name) for name in kept} == kept
    (problem,) = catalog.problems
    assert (problem.where, problem.product_id, problem.field) == ("line 3", "b", field)
    assert not problem.left_out


def test_good_rows_are_read_without_a_word(tmp_path):
    catalog = csv_catalog(tmp_path, GOOD + 'b,cups,Ava,"A <b>bold</b>\ncup","$1,299.00",,,,,\n')
    assert catalog.problems == ()
    assert catalog.name == "cups"
    assert catalog.listings["cup-1"].price_cents == 450
    assert catalog.listings["cup-1"].review_count == 1204
    assert catalog.products["cup-1"].attributes == {"colour": "blue"}
    assert catalog.listings["b"].price_cents == 129_900
    assert catalog.listings["b"].title == "A <b>bold</b>\ncup"
    assert catalog.listings["b"].rating is None


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    catalog = csv_catalog(tmp_path, 'a,cups,Ava,"Two\nlines",3.00,,,,,\nb,cups,Ava,Cup,x,,,,,\n')
    assert [problem.where for problem in catalog.problems] == ["line 4"]


def test_unknown_columns_and_foreign_currencies_are_reported(tmp_path):
    catalog = csv_catalog(
        tmp_path, "a,Cup,3,USD,1\nb,Cup,3,EUR,1\n", "id,title,price,currency,weigth\n"
    )
    assert list(catalog.products) == ["a"]
    assert [problem.field for problem in catalog.problems][:2] == ["column", "category"]
    assert [str(problem) for problem in catalog.problems if problem.left_out] == [
        "line 3 (b): currency 'EUR' is not the catalogue's USD; row left out"
    ]


def test_a_picture_gets_a_key_that_betrays_nothing(tmp_path):
    folder = tmp_path / "cups_pictures"
    folder.mkdir()
    (folder / "Cheapest Cup.PNG").write_bytes(b"picture")
    catalog = csv_catalog(tmp_path, 'b,cups,Ava,Cup,3.00,,,,"[""Cheapest Cup.PNG""]",\n')
    (key,) = catalog.listings["b"].pictures
    assert key == "2cea274d0bedc39e.png"
    assert catalog.picture(key) == (b"picture", "image/png")


# Finding and slicing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [("shop.json", '{"format": "aces-catalog"'), ("shop.json", '{"format": "aces-catalog"}'),
     ("shop.csv", "id,title,price\n\xe9"), ("shop.parquet", "PAR1")],
)  # fmt: skip
def test_a_broken_file_is_named(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(CatalogError, match=rf"{name}"):
        load_catalog(f"native:{path}")


def test_what_no_format_fits_lists_the_formats(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(CatalogError, match=r"no catalogue format fits(.|\n)*demo:(.|\n)*native:"):
        load_catalog(path)
    with pytest.raises(CatalogError, match="there is no catalogue at 'dmeo' or "):
        load_catalog("dmeo", base=tmp_path)


def test_relative_paths_are_looked_for_beside_the_experiment(tmp_path, monkeypatch):
    csv_catalog(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path.parent)
    assert list(load_catalog("cups.csv", base=tmp_path).products) == ["cup-1"]


def test_handwritten_json_needs_little(tmp_path):
    rows = [{"id": "a", "title": "Cup", "category": "cups", "price": 19.99}]
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"format": "aces-catalog", "products": rows}))
    assert load_catalog(path).listings["a"].price_cents == 1999


def test_slices_come_in_catalogue_order_and_errors_teach():
    catalog = load_catalog("demo")
    staplers = catalog.slice("stapler")
    assert catalog.slice("stapler", 8) == staplers[:8]
    with pytest.raises(CatalogError, match="did you mean 'stapler'"):
        catalog.slice("staplers")
    with pytest.raises(CatalogError, match="asks for 20 products, has 16"):
        catalog.slice("stapler", 20)
    assert list(catalog.subset(reversed(staplers)).products) == staplers
    with pytest.raises(CatalogError, match="did you mean 'torvik-hd-120'"):
        catalog.subset(["torvik-hd-12"])
    with pytest.raises(CatalogError, match="no picture"):
        catalog.picture("0.png")


def test_the_digest_is_of_the_content_and_catalogues_reach_workers():
    catalog = load_catalog("demo")
    assert load_catalog("demo").digest == catalog.digest
    assert pickle.loads(pickle.dumps(catalog)) == catalog
    assert replace(catalog, currency="EUR").digest != catalog.digest
    assert catalog.subset(catalog.slice("stapler")).digest != catalog.digest
