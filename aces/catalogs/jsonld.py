"""schema.org products: JSON-LD from saved pages (one, or a folder of them) or from a .json file.

Products are found wherever they stand: at the top, in `@graph`, in lists, as `mainEntity`, as
variants of a `ProductGroup`. The first offer is the listing's, the others are offers of other
sellers. Microdata and RDFa are not read.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from aces.catalog import Catalog
from aces.catalog_builder import UnusableError
from aces.catalogs import _cleaning as clean
from aces.catalogs._intake import Format, ImportOptions, Intake
from aces.catalogs._tables import glance, json_of, reading, text_of

NAMES = {
    "id": "sku",
    "title": "name",
    "price": "offers.price",
    "list_price": "offers.priceSpecification.price",
    "rating": "aggregateRating.ratingValue",
    "review_count": "aggregateRating.reviewCount",
    "reviews": "review",
    "stock": "offers.availability",
    "specification": "additionalProperty",
    "urls": "image",
    "seller": "offers.seller",
    "shipping": "offers.shippingDetails",
}
PAGES = (".html", ".htm", ".xhtml")
SOLD_OUT = ("OutOfStock", "SoldOut", "Discontinued")
IN_STOCK = (
    *("InStock", "InStoreOnly", "OnlineOnly", "LimitedAvailability", "PreOrder", "PreSale"),
    *("BackOrder", "MadeToOrder", "Reserved", ""),
)
IDS = (
    "sku",
    "productID",
    "mpn",
    "gtin",
    "gtin13",
    "gtin12",
    "gtin14",
    "gtin8",
    "@id",
    "url",
    "name",
)
CODES = ("sku", "mpn", "gtin", "gtin13", "model")

Node = Mapping[str, Any]


class JsonldImporter:
    """schema.org: a saved page, a folder of them, or .json, with Product, Offer, ItemList, ..."""

    class Config(ImportOptions):
        """Parameters."""

    def __init__(self, config: Config | None = None) -> None:
        self.options = config or self.Config()

    def recognises(self, path: Path) -> bool:
        """Returns whether it is a page with JSON-LD, a folder with pages, or JSON of schema.org."""
        if path.is_dir():
            return any(file.suffix in PAGES for file in path.iterdir())
        if path.suffix in PAGES:
            return "ld+json" in glance(path, 5_000_000)
        return path.suffix in (".json", ".jsonld") and "schema.org" in glance(path)

    def load(self, path: Path) -> Catalog:
        """Reads a catalogue.

        Raises:
            CatalogError: If the file is broken as a whole; broken products are problems.
        """
        pages = path.is_dir()
        files = sorted(f for f in path.iterdir() if f.suffix in PAGES) if pages else [path]
        intake = Intake(
            Format("jsonld", NAMES, says=True), path if pages else path.parent, self.options
        )
        with reading(path):
            nodes = (
                (f"{file.name} {where}" if pages else where, node)
                for file in files
                for where, node in self._nodes(file, intake)
            )
            intake.take_all(nodes, lambda where, node: _translated(intake, where, node))
        return intake.finish()

    def _nodes(self, file: Path, intake: Intake) -> Iterator[tuple[str, Node]]:
        text = text_of(file, self.options.encoding)
        if file.suffix not in PAGES:
            yield from _numbered("", _products(json_of(text), ""))
            return
        scripts, base = _scripts(text)
        for number, script in enumerate(scripts, start=1):
            place = f"script {number} "
            try:
                found = json_of(script)
            except (ValueError, RecursionError):
                intake.report(place.strip(), "script", script, "is not JSON; row left out")
                continue
            yield from _numbered(place, _products(found, base))


def _numbered(place: str, nodes: Iterator[Node]) -> Iterator[tuple[str, Node]]:
    return ((f"{place}product {number}", node) for number, node in enumerate(nodes, start=1))


def _scripts(text: str) -> tuple[list[str], str]:
    """The JSON-LD of a page, and the address that its links start from."""
    from lxml import html

    page = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    scripts = page.xpath('//script[contains(@type, "ld+json")]/text()')
    addresses = page.xpath('//base/@href | //link[@rel="canonical"]/@href')
    return [str(script) for script in scripts], str(next(iter(addresses), ""))


def _products(found: Any, base: str, depth: int = 0) -> Iterator[Node]:  # noqa: ANN401
    """Every product below, in order, each with the address that its links start from."""
    if depth > 30:
        return
    if isinstance(found, list):
        for each in found:
            yield from _products(each, base, depth + 1)
    elif isinstance(found, dict):
        kinds = _types(found)
        if "Product" in kinds or ("ProductGroup" in kinds and not found.get("hasVariant")):
            yield {"": base, **found}
            return
        shared = {k: found[k] for k in ("brand", "category", "aggregateRating") if k in found}
        for name in ("@graph", "itemListElement", "item", "mainEntity", "mainEntityOfPage",
                     "hasVariant", "offers", "itemOffered", "about"):  # fmt: skip
            for product in _products(found.get(name), base, depth + 1):
                yield {**shared, **product} if name == "hasVariant" else product


def _types(node: Node) -> set[str]:
    found = node.get("@type") or ()
    names = found if isinstance(found, list) else [found] if isinstance(found, str) else []
    return {str(name).rpartition("/")[2].rpartition(":")[2] for name in names}


def _translated(intake: Intake, where: str, node: Node) -> dict[str, Any]:
    offers = _offers(node)
    offer = offers[0] if offers else {}
    id = next((text for name in IDS if (text := _text(node.get(name)))), "")
    rating, price = _first(node.get("aggregateRating")), _price(offer)
    if "AggregateOffer" in _types(offer) and not clean.missing(offer.get("lowPrice")):
        intake.tell_once(where, "offers.lowPrice", price, "is the lowest of several prices; used")
    base = str(node.get("") or "")
    return {
        "id": id,
        "title": _text(node.get("name")),
        "description": _text(node.get("description")),
        "brand": _text(node.get("brand")),
        "category": [s.strip() for s in _text(node.get("category")).replace("/", ">").split(">")],
        "price": price,
        "currency": _text(offer.get("priceCurrency") or _specified(offer).get("priceCurrency")),
        "rating": rating.get("ratingValue"),
        "scale": _scale(intake, where, rating.get("bestRating")),
        "review_count": rating.get("reviewCount") or rating.get("ratingCount"),
        "reviews": [_review(review) for review in _all(node.get("review") or node.get("reviews"))],
        "stock": _stock(intake, where, offer, id),
        "seller": _text(offer.get("seller")),
        "offers": _others(intake, where, offers, id),
        "shipping": _first(_first(offer.get("shippingDetails")).get("shippingRate")).get("value"),
        "specification": _specification(node),
        "urls": [urljoin(base, url) for each in _list(node.get("image")) if (url := _url(each))],
    }


def _list(found: Any) -> list[Any]:  # noqa: ANN401
    return found if isinstance(found, list) else [] if found is None else [found]


def _all(found: Any) -> list[Node]:  # noqa: ANN401
    return [each for each in _list(found) if isinstance(each, dict)]


def _first(found: Any) -> Node:  # noqa: ANN401
    return next(iter(_all(found)), {})


def _text(found: Any) -> str:  # noqa: ANN401
    """A text, a thing's name, or the first of several."""
    first = next(iter(_list(found)), "")
    if isinstance(first, dict):
        first = first.get("name") or first.get("@value") or first.get("value") or ""
    return "" if isinstance(first, dict | list) or clean.missing(first) else str(first)


def _url(found: Any) -> str:  # noqa: ANN401
    if isinstance(found, dict):
        found = found.get("contentUrl") or found.get("url")
    return found if isinstance(found, str) else ""


def _offers(node: Node) -> list[Node]:
    """The offers of a product; those inside an aggregate offer where they are listed."""
    found = _all(node.get("offers"))
    return [inner for offer in found for inner in _all(offer.get("offers")) or [offer]]


def _specified(offer: Node) -> Node:
    return _first(offer.get("priceSpecification"))


def _price(offer: Node) -> object:
    for found in (offer.get("price"), offer.get("lowPrice"), _specified(offer).get("price")):
        if not clean.missing(found):
            return found
    return None


def _scale(intake: Intake, where: str, best: object) -> float:
    """What ratings count up to; 5 where it is not said."""
    try:
        scale = 5.0 if clean.missing(best) else float(str(best))
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 1000:
        intake.report(where, "aggregateRating.bestRating", best, "is no scale; taken as 5")
        return 5.0
    return scale


def _stock(intake: Intake, where: str, offer: Node, id: str) -> object:
    said = _text(offer.get("availability"))
    word = said.rpartition("/")[2].rpartition(":")[2]
    if word not in (*SOLD_OUT, *IN_STOCK):
        reason = "is no availability of schema.org; taken as in stock"
        intake.report(where, "offers.availability", said, reason, clean.product_id(id))
    return 0 if word in SOLD_OUT else ""


def _others(intake: Intake, where: str, offers: list[Node], id: str) -> list[dict[str, Any]]:
    """What other sellers ask, over the first offer's price."""
    found: list[dict[str, Any]] = []
    for offer in offers[1:]:
        seller, price = clean.line(_text(offer.get("seller")), lambda _: None), _price(offer)
        try:
            own, other = clean.money(_price(offers[0]))[0], clean.money(price)[0]
            same = offer.get("priceCurrency") == offers[0].get("priceCurrency")
            usable = bool(seller) and same and own > 0 and other > 0
        except UnusableError:
            usable = False
        if usable:
            found.append({"seller": seller, "price_factor": float(other / own)})
        else:
            reason = "is a further offer without seller or price; that offer left away"
            intake.report(where, "offers", price, reason, clean.product_id(id))
    return found


def _review(found: Node) -> dict[str, Any]:
    rating = _first(found.get("reviewRating"))
    return {
        "stars": rating.get("ratingValue"),
        "scale": rating.get("bestRating") or 5,
        "title": _text(found.get("name") or found.get("headline")),
        "text": _text(found.get("reviewBody") or found.get("description")),
        "date": _text(found.get("datePublished"))[:10],
    }


def _specification(node: Node) -> dict[str, str]:
    facts = {name: text for name in CODES if (text := _text(node.get(name)))}
    for name in ("color", "size", "material", "pattern", "weight"):
        if text := _text(node.get(name)):
            facts[name] = text
    for each in _all(node.get("additionalProperty")):
        if _text(each.get("name")):
            facts[_text(each["name"])] = " ".join(
                text for part in ("value", "unitText") if (text := _text(each.get(part)))
            )
    return facts
