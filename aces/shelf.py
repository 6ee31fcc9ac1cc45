"""The shelf of an experiment: what is shown, and on what kind of page."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from aces.types import Coupon, Mark, Markup, Record, Viewport

Theme = Literal["marigold", "harbor"]


def known_locale(name: str) -> str:
    """Returns the name of a locale; ValueError if there is none of that name."""
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"no locale '{name}'; write it as en-US, de-DE or ja-JP") from None
    return name


class Shelf(Record):
    """Which products are shown, and on what kind of page."""

    size: int = Field(default=8, ge=2, le=200)
    columns: int = Field(default=4, ge=1, le=12)
    sample: bool = False
    """False: the category's first `size` products; True: `size` drawn anew for every world."""
    viewport: Viewport = Viewport()
    rest: Literal["none", "catalog"] = "none"
    """What the shop sells beside the shelf: nothing, or the rest of the catalogue, untreated."""
    ranker: str = "fixed"
    theme: Theme = "marigold"
    density: Literal["comfortable", "compact"] = "comfortable"
    layout: Literal["grid", "list"] = "grid"
    """`list`: one listing to a row; `columns` is 1."""
    scheme: Literal["light", "dark", "auto"] = "light"
    locale: str = "en-US"
    """How numbers, prices and dates are written: `de-DE`, `ja-JP`, ..."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """Of all prices shown; the catalogue's where not given."""
    exchange_rate: float | None = Field(default=None, gt=0)
    """What one unit of the catalogue's currency is in `currency`."""
    controls: bool | None = None
    """Whether results can be filtered, sorted and compared; as `rest` where not given."""
    page_size: int | None = Field(default=None, ge=1)
    """Results on a page; 24, or the whole shelf where that is longer."""
    watch: bool = False
    """Whether pages carry a script that reports what lies in the window: for people only."""
    markup: Markup = Markup()
    notices: tuple[Mark, ...] = ()
    """Marks on pages rather than on a listing."""
    coupons: tuple[Coupon, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _as_it_is_called_today(cls, data: Any) -> Any:  # noqa: ANN401
        """Runs of the first version call the first theme `default`."""
        if isinstance(data, dict) and data.get("theme") == "default":
            return {**data, "theme": "marigold"}
        return data

    @model_validator(mode="before")
    @classmethod
    def _one_column_in_a_list(cls, data: Any) -> Any:  # noqa: ANN401
        if isinstance(data, dict) and data.get("layout") == "list":
            if data.get("columns", 1) != 1:
                raise ValueError("`layout: list` has one column; leave `columns` out")
            return {**data, "columns": 1}
        return data

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, name: str) -> str:
        return known_locale(name)

    def settings(self) -> dict[str, Any]:
        """Returns how the shop looks and behaves, by the names of a world's fields."""
        told = {name: getattr(self, name) for name in SETTINGS}
        controls = self.rest == "catalog" if self.controls is None else self.controls
        page_size = max(24, self.size) if self.page_size is None else self.page_size
        return {**told, "controls": controls, "page_size": page_size}


SETTINGS = (
    "columns",
    "rest",
    "ranker",
    "theme",
    "density",
    "layout",
    "scheme",
    "locale",
    "watch",
    "markup",
    "notices",
    "coupons",
)
"""Settings of the shelf that worlds have under the same name."""
