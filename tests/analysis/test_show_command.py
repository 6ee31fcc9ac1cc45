"""`aces show` of a stored run: one trial in words, pages, and what it refuses."""

import pytest
from typer.testing import CliRunner

from aces import cli
from aces.errors import StoreError, UserError
from aces.store import RunStore
from analysis.frame import export, load_choices


@pytest.fixture
def show(planted_run):
    """`show(*words)` runs `aces show` on a small run and returns what it prints."""
    folder = planted_run(
        worlds=3, tasks=("watch",), loss=lambda columns, best: "left" if best == 7 else ""
    )
    cli._register()

    def show(*words):
        done = CliRunner().invoke(cli.app, ["show", str(folder), *words])
        if done.exception:
            raise done.exception
        return done.output

    show.folder = folder
    return show


def edit(folder, statement, *values):
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute(statement, values)


def test_a_trial_is_told_from_its_ending_to_its_events(show):
    out = show()
    with RunStore.open(show.folder) as store:
        first = store.db.execute("SELECT trial_id FROM trials ORDER BY plan_index").fetchone()[0]
    for text in (
        f"trial {first}",
        "Bought “Watch number",
        "slot ",
        " of 8",
        "Planted taste: row_1",
    ):
        assert text in out
    (bought,) = [line for line in out.splitlines() if line.startswith("* ")]
    assert "Watch number" in bought
    assert "product: page of “Watch number" in out
    assert f"next: aces show {show.folder} {first} --html" in out.replace("\n", " ")


def test_what_models_and_sellers_write_is_no_markup(show):
    words = "[/b] [red]sale[/red] [link=http://x]\\[x]"
    edit(show.folder, "UPDATE outcomes SET detail = ?, status = 'abstained'", words)
    edit(show.folder, "UPDATE products SET listing = json_set(listing, '$.title', ?)", "[/i] hat")
    edit(show.folder, "UPDATE steps SET url = '/[/b]', error = ?", words)
    out = show()
    assert out.count(words) >= 2
    assert "[/i] hat" in out
    assert "/[/b]" in out


def test_a_beginning_that_many_trials_share_is_not_guessed(show):
    with pytest.raises(StoreError, match=r"3 finished trials begin with '7-watch': 7-watch-0-pl"):
        show("7-watch")
    assert "trial 7-watch-2-planted-json-0" in show("7-watch-2")
    for wild in ("%", "_", "zzz"):
        with pytest.raises(StoreError, match="no finished trial"):
            show(wild)


def test_pages_go_where_they_are_asked_to(show, tmp_path):
    assert "trials.html: 3 of 3 trials, 0.0 MB" in show("--html").replace("\n", "")
    assert (show.folder / "trials.html").is_file()
    show("--html", "--trials", "2", "--out", str(tmp_path / "new" / "two.html"))
    assert (tmp_path / "new" / "two.html").read_text().count('<script type="application/json"') == 3
    show("7-watch-1", "--html", "--out", str(tmp_path / "one.html"))
    assert "Step by step" in (tmp_path / "one.html").read_text()


@pytest.mark.parametrize("words", [["--out", "x.html"], ["--trials", "3"], ["--open"]])
def test_options_of_pages_need_a_page(show, words):
    with pytest.raises(UserError, match="add --html"):
        show(*words)


def test_so_many_trials_are_not_one_trial(show):
    with pytest.raises(UserError, match="leave out the trial"):
        show("7-watch-1", "--html", "--trials", "2")


def test_a_report_of_a_table_stands_beside_it(show, tmp_path):
    table = tmp_path / "own.csv"
    export(load_choices(show.folder), table)
    done = CliRunner().invoke(cli.app, ["report", str(table)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "<title>own" in (tmp_path / "report.html").read_text(encoding="utf-8")
