"""The report's page: read by eyes, screen readers, printers, phones and machines."""

import base64
import csv
import io
import re
from itertools import pairwise
from urllib.parse import unquote

import lxml.html
import pytest

from aces.store import RunStore
from analysis.analyze import analyze
from analysis.display import Table
from analysis.report import downloads, write_report
from analysis.report.matrix import Bar, Bars

BUYERS = {
    "planted": {"row_1": 0.9, "col_1": 0.5, "log_price": -1.8, "overall_pick": 1.2},
    "thrifty": {"log_price": -4.0},
    "blind": {},
}


@pytest.fixture(scope="module")
def run(planted_runs):
    """A run of three buyers."""
    return planted_runs("page", worlds=60, buyers=BUYERS)


@pytest.fixture(scope="module")
def report(run, tmp_path_factory):
    """Its report."""
    return write_report([run], tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def page(report):
    """It parsed."""
    return lxml.html.fromstring(report.read_text(encoding="utf-8"))


# -- for screen readers ---------------------------------------------------------------------


def test_landmarks_and_the_way_to_them(page):
    for tag in ("main", "h1", "title"):
        assert len(page.findall(f".//{tag}")) == 1, tag
    body = page.find("body")
    assert [child.tag for child in body] == ["a", "header", "main", "footer"]
    assert body[0].get("href") == "#content"
    assert page.get("lang") == "en"
    assert page.find(".//nav").get("aria-label")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = [href[1:] for href in page.xpath("//a/@href") if href.startswith("#")]
    assert set(links) <= set(ids)
    assert {"answer", "effects", "places", "prices", "sales", "gates", "run"} <= set(links)


def test_headings_stand_in_order(page):
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch(r"h[1-6]", str(e.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = [b - a for a, b in pairwise(levels)]
    assert max(steps) <= 1


def test_every_table_says_what_its_cells_are_of(page):
    tables = page.findall(".//table")
    assert len(tables) > 15
    for table in tables:
        assert (table.findtext("caption") or "").strip()
        for head in table.iter("th"):
            assert head.get("scope") in ("row", "col")
        for row in table.findall("tbody/tr"):
            assert row[0].tag == "th"
        rows = [len(row) for row in table.iter("tr")]
        assert len(set(rows)) == 1, table.findtext("caption")


def test_figures_are_told_in_words(page):
    for drawing in page.iter("svg"):
        outer = drawing.getparent().tag != "svg"
        if outer and drawing.get("aria-hidden") != "true":
            assert drawing.get("role") == "img"
            assert len(drawing.get("aria-label")) > 20
    for picture in page.iter("img"):
        assert picture.get("alt")
    text = page.text_content()
    assert "95 % interval" in text
    assert "not told from the reference" in text


def test_links_say_where_they_lead(page):
    for link in page.iter("a"):
        assert link.text_content().strip()
    downloads_ = [a.text_content() for a in page.xpath("//a[@download]")]
    assert len(downloads_) > 8
    assert all(re.fullmatch(r"CSV of .+", each) for each in downloads_)


# -- for eyes -------------------------------------------------------------------------------


def themes(report):
    """The colours of the light and of the dark page, by name."""
    css = re.search(r"<style>(.*?)</style>", report.read_text(encoding="utf-8"), re.DOTALL)[1]
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in blocks]
    return css, *found


def luminance(colour):
    if len(colour) == 4:
        colour = "#" + "".join(2 * c for c in colour[1:])
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_both_themes_have_all_colours_and_are_readable(report):
    css, light, dark = themes(report)
    assert set(light) == set(dark)
    used = set(re.findall(r"var\(--([\w-]+)", css)) - {"depth", "columns"}
    assert used <= set(light) | {"small", "body", "large", "title"}
    for theme in (light, dark):
        for ink in ("ink", "muted", "accent", "alarm", "good"):
            assert contrast(theme[ink], theme["paper"]) >= 4.5, ink
        for ground in ("wash", "more", "less", "alarm-wash"):
            assert contrast(theme["ink"], theme[ground]) >= 4.5, ground
        assert contrast(theme["alarm"], theme["alarm-wash"]) >= 4.5
        for line in (f"c{i}" for i in range(8)):
            assert contrast(theme[line], theme["paper"]) >= 2.2, line
    assert luminance(light["paper"]) > 0.9
    assert luminance(dark["paper"]) < 0.02


def test_no_colour_stands_in_the_page_itself(page):
    """Else it would not follow into the dark."""
    for element in page.find("body").iter():
        for name, value in element.attrib.items():
            if name in ("fill", "stroke", "color"):
                raise AssertionError(f"{element.tag} {name}={value}")
        assert "#" not in element.get("style", "")


def test_the_answer_comes_before_the_evidence(page):
    order = [e.get("id") for e in page.findall(".//section") if e.get("id")]
    assert order[:2] == ["answer", "effects"]
    headline = page.xpath("//*[@class='headline']")[0].text_content()
    assert re.search(r"\d (%|times)", headline.replace("\xa0", " "))
    named = [e.text_content() for e in page.xpath("//ul[@class='lines']//b[@class='name']")]
    assert named == ["planted planted", "thrifty planted", "blind planted"]
    for jargon in ("logit", "coefficient", "log odds", "_1", "p <"):
        assert jargon not in headline


def test_a_report_stays_small(report, planted_runs, tmp_path):
    assert report.stat().st_size < 400_000
    many = {f"buyer-{i}": BUYERS["planted"] for i in range(7)}
    folder = planted_runs("many", worlds=25, tasks=("watch", "stapler", "lamp"), buyers=many)
    path = write_report([folder], tmp_path / "r.html")
    assert path.stat().st_size < 900_000
    heads = [len(row) for row in lxml.html.parse(path).xpath("//table[@role='table']/thead/tr")]
    assert max(heads) <= 7  # labels and six buyers


# -- for machines ---------------------------------------------------------------------------


def read(address):
    """The rows of a file that stands in the page."""
    kind, _, packed = address.partition(";base64,")
    assert kind == "data:text/csv;charset=utf-8"
    text = base64.b64decode(packed).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_every_table_can_be_taken_along(page):
    for table in page.xpath("//table[@class='data']"):
        if "Who buys what" in table.getparent().get("aria-label", ""):
            continue
        (link,) = table.getparent().xpath("following-sibling::p[@class='csv'][1]/a")
        rows = read(link.get("href"))
        assert len(rows) == len(table.findall(".//tr"))
        assert len({len(row) for row in rows}) == 1
        assert link.get("download").endswith(".csv")


def test_the_estimates_in_the_page_are_those_of_the_file(page, run, tmp_path):
    (address,) = page.xpath("//a[@download='estimates.csv']/@href")
    with RunStore.open(run) as store:
        path = analyze(store).write_estimates(tmp_path / "estimates.csv")
    with path.open(newline="", encoding="utf-8") as file:
        assert read(address) == list(csv.reader(file))


def test_numbers_are_for_machines_and_formulas_are_not_computed():
    rows = (
        ("=HYPERLINK(1)", "−1,234.5", "12.5 %", "[−0.2, 1,000.4]", "<.001"),
        ("+cmd|' /C'", "∞", "", "", "✓"),
        ("@a,b\n\"c\"", "-", "1e-05", "unbounded", ".04"),
    )  # fmt: skip
    found = read(downloads.of_table(Table("t", ("name", "a", "b", "95 % interval", "p"), rows)))
    assert found == [
        ["name", "a", "b", "95 % interval, low", "95 % interval, high", "p"],
        ["'=HYPERLINK(1)", "-1234.5", "12.5", "-0.2", "1000.4", "<.001"],
        ["'+cmd|' /C'", "inf", "", "", "", "✓"],
        ['\'@a,b\n"c"', "'-", "1e-05", "unbounded", "", ".04"],
    ]


def test_limits_of_a_figure_are_two_columns(page):
    links = page.xpath("//section[@id='effects']//a[@download]")
    assert [link.get("download") for link in links] == ["effects.csv"]
    head, *rows = read(links[0].get("href"))
    assert head[-3:] == ["low", "high", "planted"]
    assert rows
    for row in rows:
        value, low, high = map(float, row[-4:-1])
        assert low <= value <= high


def test_shares_are_taken_along_in_full():
    bars = Bars({"a": {"x": Bar(1 / 3, 0.1, 0.5)}}, "share", corner="product")
    assert read(downloads.of_bars(bars)) == [
        ["product", "whose", "share", "low", "high"],
        ["a", "x", repr(1 / 3), "0.1", "0.5"],
    ]


@pytest.mark.parametrize(
    ("title", "file"),
    [
        ("Worth in price · conditional_logit", "worth-in-price-conditional-logit.csv"),
        ("../../etc/passwd", "etc-passwd.csv"),
        ("a" * 300, "a" * 60 + ".csv"),
    ],
)
def test_files_have_plain_names(title, file):
    assert downloads.file_name(title) == file


# -- beside other files ---------------------------------------------------------------------


def test_the_viewer_is_linked_where_it_stands(planted_run, tmp_path):
    folder = planted_run("with-viewer", worlds=4)
    assert "trials.html" not in write_report([folder], tmp_path / "a.html").read_text()
    (folder / "trials.html").write_text("")
    path = write_report([folder], tmp_path / "elsewhere" / "b.html")
    (link,) = lxml.html.parse(path).xpath("//a[contains(@href, 'trials.html')]/@href")
    assert (path.parent / unquote(link)).resolve() == (folder / "trials.html").resolve()
