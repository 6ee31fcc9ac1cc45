"""The whole demo catalogue, for journeys and arms."""

import pytest

from aces.catalog import Catalog, load_catalog


@pytest.fixture(scope="module")
def demo() -> Catalog:
    """The whole demo catalogue."""
    return load_catalog("demo")
