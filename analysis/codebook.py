"""What every column of the long table means, and in which unit."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[str, str]] = {
    "trial_id": ("", "One buyer meeting one world through one interface, once: the choice set"),
    "world_id": ("", "The shop as drawn; trials with one id saw the same one. Unit of assignment"),
    "task_id": ("", "The shopper's errand"),
    "k": ("index", "Which of the task's worlds"),
    "repeat": ("index", "Which of a buyer's visits to the same world"),
    "category": ("", "The task's product category"),
    "buyer": ("", "Name of the buyer in the experiment"),
    "model": ("", "Model behind the buyer; empty where there is none"),
    "prompt_hash": ("", "Hash of the wording that the model was given; empty where there is none"),
    "persona": ("", "Name of who the model was told is shopping; empty where nobody"),
    "temperature": ("", "Sampling temperature; empty where there is none"),
    "interface": ("", "How the buyer perceived the shop and acted in it"),
    "product_id": ("", "The alternative"),
    "title": ("", "Title as shown"),
    "position": ("slot", "Assigned slot on the default results page, 1 first"),
    "row": ("slot", "Row of that slot in the grid, 1 on top"),
    "col": ("slot", "Column of that slot in the grid, 1 leftmost"),
    "exposed": ("0/1", "Lay wholly inside the viewport of the first results page; empty: unknown"),
    "clicked": ("0/1", "Its product page was opened"),
    "currency": ("ISO 4217", "Of all prices"),
    "price_cents": ("minor unit", "Price as shown"),
    "original_price_cents": ("minor unit", "Price in the catalogue"),
    "list_price_cents": ("minor unit", "Struck-through price; empty where none was shown"),
    "rating": ("0 to 5", "Stars as shown; empty where there are none"),
    "original_rating": ("0 to 5", "Stars in the catalogue"),
    "review_count": ("reviews", "Number of reviews as shown"),
    "original_review_count": ("reviews", "Number of reviews in the catalogue"),
    "sponsored": ("0/1", "Carried the sponsored tag"),
    "overall_pick": ("0/1", "Carried the overall-pick badge"),
    "scarcity": ("0/1", "Carried a notice that few are left"),
    "best_seller": ("0/1", "Carried the best-seller badge"),
    "limited_time": ("0/1", "Carried the limited-time badge"),
    "discounted": ("0/1", "A list price above the price was shown"),
    "assignment_probability": ("", "Joint probability of the world's discrete levels"),
    "chosen": ("0/1", "Was bought; 0 for every alternative where nothing was"),
    "status": ("", "How the trial ended: chosen, abstained, truncated or failed"),
    "cause": ("", "Why it failed; empty otherwise"),
    "probability": ("", "The model's own choice probability; empty where it was not read"),
    "prompt": ("", "Name of the wording that the model was given; empty where there is none"),
    "run": ("", "Folder or file the row was read from"),
    "seen_position": (
        "slot",
        "Where it stood on the first page of results that showed it; open shops only",
    ),
    "seen": ("0/1", "Lay wholly inside the viewport of some results page; empty: unknown"),
    "confirmation": ("0/1", "Arms had equal chances here, whatever earlier worlds had brought"),
    "carted": ("0/1", "Was put into the cart at least once"),
    "participant": ("", "Who decided: a person, else the world; cluster by it where people shop"),
    "attention": ("0/1", "The person named afterwards what they had bought; empty: not asked"),
    "right_answer": ("0/1", "The one listing that is right: cheapest, best rated, or as required"),
    "test": ("", "In which way one listing came to be the right answer"),
    "focal": ("0/1", "The listing of the shelf that may be dearer, and carry the tag"),
    "gap": ("share", "By how much the focal listing of the shelf is dearer; 0: not at all"),
    "tag": ("", "What the focal listing of the shelf carries, or `none`"),
    "draws": ("shelves", "How often the shelf was drawn until one listing alone was best"),
    "matched": (
        "",
        "Results of others: chosen by `all` that was reported, or by its `title` alone",
    ),
    "cheaper": ("0/1", "Results of others: costs less than the other product of the pair"),
    "higher_rated": ("0/1", "Results of others: better rated than the other product of the pair"),
    "nudged": ("0/1", "Results of others: favoured by the trial's persuasive text"),
    "carries_text": ("0/1", "Results of others: carried the trial's persuasive text"),
    "nudge_text": ("", "Results of others: the trial's persuasive text; `none` where none was"),
    "bought_off_shelf": ("", "What the trial bought that the shelf did not hold; open shops only"),
    "fee_cents": ("minor units", "Fee charged on top of the price"),
    "fee_told": ("", "Where fees are told: upfront, or from the cart on alone (checkout)"),
    "fee_late": ("0/1", "Fees are told at the checkout"),
    "fee": ("", "Fee in major units"),
    "shelf": ("", "The given shelf that the world shows, as the catalogue names it"),
    "shelf_group": ("", "What its source calls shelves of this sort: a label, a file of pairs"),
    "given_position": ("slot", "Where it stood as its source gives it, before the order was drawn"),
    "screenshot": ("", "Key of the screenshot that its source stored of the shelf"),
    "published": ("0/1", "Was chosen on this shelf as published"),
    "nudge": ("", "Name of the text that it carried; empty: none"),
    "log_price": ("ln", "ln of the price in major units"),
    "log_review_count": ("ln", "ln of 1 + reviews"),
}
"""Column -> unit, meaning; in the table's order up to `probability`."""

CONTRACT = tuple(COLUMNS)[: tuple(COLUMNS).index("prompt")]
"""The columns that every long table has."""

_PATTERNS: tuple[tuple[str, str, str], ...] = (
    (r"row_(\d+)", "0/1", "Stood in row {0} of the grid"),
    (r"col_(\d+)", "0/1", "Stood in column {0} of the grid"),
    (r"pos_(\d+)", "0/1", "Stood in slot {0}"),
    (r"published_(.+)", "0/1", "Chosen on this shelf by {0}, as published; empty: never asked"),
    (r"asked_(.+)", "", "What the shopper of the given shelf was told: {0}"),
    (r"p_(.+)", "", "Marginal probability of this row's level of {0}"),
    (r"density_(.+)", "", "Density of this row's level of {0}; empty where it was not random"),
    (r"(.+)", "", "Level {0}, set by a treatment"),
)


def describe(column: str) -> tuple[str, str]:
    """Returns the unit and the meaning of a column."""
    if column in COLUMNS:
        return COLUMNS[column]
    for pattern, unit, meaning in _PATTERNS:
        match = re.fullmatch(pattern, column)
        if match:
            return unit, meaning.format(*match.groups())
    raise KeyError(column)


def codebook(columns: Iterable[str] = CONTRACT) -> "pd.DataFrame":
    """Returns one row per column of the long table: column, unit, meaning."""
    import pandas as pd

    rows = [(name, *describe(name)) for name in columns]
    return pd.DataFrame(rows, columns=["column", "unit", "meaning"])


def codebook_markdown(columns: Iterable[str]) -> str:
    """Returns the codebook as a Markdown page."""
    lines = [f"| `{name}` | {unit} | {meaning} |" for name, unit, meaning in _rows(columns)]
    head = "# Codebook\n\nOne row per alternative per trial.\n\n| column | unit | meaning |\n"
    return head + "|---|---|---|\n" + "\n".join(lines) + "\n"


def _rows(columns: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    return ((name, *describe(name)) for name in columns)
