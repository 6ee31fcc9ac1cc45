"""The catalogue of a run, in its own folder: what pages are rendered from again, years later."""

import json
from functools import partial

from aces.catalog import Catalog
from aces.store import RunStore
from aces.types import Category, Listing, Product, Seller


def keep_catalog(store: RunStore, catalog: Catalog, source: str) -> None:
    """Stores all that a run's shop sells, with its pictures; what is there already stays.

    Args:
        store: Open for writing.
        catalog: What is sold.
        source: Where it came from, as the experiment names it.
    """
    store.set_meta(
        "catalog",
        {
            "name": source,
            "digest": catalog.digest,
            "currency": catalog.currency,
            "drawn_seed": catalog.drawn_seed,
            "sellers": [seller.model_dump(mode="json") for seller in catalog.sellers.values()],
            "about": {name: what.model_dump(mode="json") for name, what in catalog.about.items()},
        },
    )
    store.add_products(
        (
            product_id,
            catalog.products[product_id].model_dump_json(),
            listing.model_dump_json(),
            json.dumps(catalog.drawn.get(product_id, ())),
        )
        for product_id, listing in catalog.listings.items()
    )
    store.add_pictures(catalog.pictures, lambda key: catalog.picture(key)[0])


def stored_catalog(store: RunStore) -> Catalog:
    """Returns the catalogue that a run's shop sells from; pictures are read when asked for."""
    about = store.meta("catalog") or {}
    rows = store.db.execute(
        "SELECT product_id, product, listing, drawn FROM products ORDER BY rowid"
    ).fetchall()
    pictures = store.db.execute("SELECT key, blob FROM pictures ORDER BY rowid")
    sellers = [Seller.model_validate(each) for each in about.get("sellers", ())]
    return Catalog(
        name=about.get("name", ""),
        currency=about.get("currency", "USD"),
        products={row[0]: Product.model_validate_json(row[1]) for row in rows},
        listings={row[0]: Listing.model_validate_json(row[2]) for row in rows},
        pictures={key: partial(store.blobs.get, blob) for key, blob in pictures},
        drawn={row[0]: tuple(json.loads(row[3])) for row in rows if row[3] != "[]"},
        drawn_seed=about.get("drawn_seed"),
        sellers={seller.name: seller for seller in sellers},
        about={k: Category.model_validate(v) for k, v in about.get("about", {}).items()},
    )
