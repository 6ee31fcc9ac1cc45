"""What kind of page the listings stand on."""

import json

from pydantic import Field, JsonValue, ValidationError, field_validator

from aces.design import Declaration, Version, Versions
from aces.errors import nearest
from aces.types import Record, World

SETTINGS = (
    "columns",
    "controls",
    "coupons",
    "density",
    "fee_told",
    "layout",
    "locale",
    "markup",
    "notices",
    "scheme",
    "theme",
)
"""Fields of a world that may differ between worlds of one experiment."""


class PageTreatment:
    """Versions of the whole page, one for each world: theme, density, layout, markup, notices."""

    class Config(Record):
        """Parameters."""

        name: str = Field(default="page", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
        """Names the 0/1 columns: `<name>` for two versions, `<name>_<version>` for more."""
        versions: tuple[Version, ...] = Field(min_length=2)
        """The first is the baseline: `[{name: plain, settings: {theme: marigold}}, ...]`."""

        @field_validator("versions")
        @classmethod
        def _known_settings(cls, versions: tuple[Version, ...]) -> tuple[Version, ...]:
            for version in versions:
                for name, value in version.settings.items():
                    _check_setting(name, value)
                if version.settings.get("layout") == "list" and version.settings["columns"] != 1:
                    raise ValueError("`layout: list` goes with `columns: 1`")
            return versions

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the versions as data."""
        return Versions(**self.config.model_dump())


def _check_setting(name: str, value: JsonValue) -> None:
    """Raises ValueError unless pages have such a setting and it may hold the value."""
    if name not in SETTINGS:
        raise ValueError(f"pages have no setting '{name}'{nearest(name, SETTINGS)}")
    example = {"id": "any", "task_id": "any", "k": 0, "listings": [], "products": {}, name: value}
    try:
        World.model_validate_json(json.dumps(example))
    except ValidationError as error:
        raise ValueError(f"`{name}`: {error.errors()[0]['msg']}, found {value!r}") from None
