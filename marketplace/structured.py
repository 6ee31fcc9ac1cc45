"""What a product page tells machines: schema.org as JSON-LD, and Open Graph.

All of it comes from the card, unless the world's markup claims otherwise (`World.markup.says`):
then from the card of a listing with the claims written into it. The visible page never changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aces.types import Listing, Review
from marketplace.cards import Card
from marketplace.money import decimal

SCHEMA = "https://schema.org"
CONDITIONS = {"new": "NewCondition", "used": "UsedCondition", "refurbished": "RefurbishedCondition"}

Trail = Sequence[tuple[str, str]]
"""Name and path of each step from the front door to the page."""


def product_graph(card: Card, reviews: Sequence[Review] = (), trail: Trail = ()) -> dict[str, Any]:
    """Returns the JSON-LD of a product page; empty where the world marks nothing up.

    Args:
        card: What the page shows.
        reviews: The reviews that stand on the page.
        trail: Its breadcrumbs.
    """
    nodes = []
    if {"product", "offer", "rating", "review"} & set(card.world.markup.parts):
        nodes.append(_product(claimed(card), reviews))
    if "breadcrumb" in card.world.markup.parts and trail:
        nodes.append(_breadcrumbs(trail))
    return {"@context": SCHEMA, "@graph": nodes} if nodes else {}


def open_graph(card: Card, shop: str = "Marigold") -> list[tuple[str, str]]:
    """Returns property and content of the page's Open Graph tags."""
    if "open_graph" not in card.world.markup.parts:
        return []
    card = claimed(card)
    listing, currency = card.listing, card.world.currency
    tags = [
        ("og:type", "product"),
        ("og:site_name", shop),
        ("og:title", listing.title),
        ("og:description", card.description),
        ("og:url", card.url),
        ("og:image", card.pictures[0] if card.pictures else ""),
        ("product:price:amount", decimal(listing.price_cents, currency)),
        ("product:price:currency", currency),
        ("product:availability", "in stock" if card.available else "out of stock"),
        ("product:brand", card.product.brand),
        ("product:retailer_item_id", card.id),
    ]
    return [(name, content) for name, content in tags if content]


def claimed(card: Card) -> Card:
    """Returns the card as the markup tells it: with the world's claims written in."""
    says = card.world.markup.says
    claims = {**says.get("*", {}), **says.get(card.id, {})}
    if not claims:
        return card
    return replace(card, listing=_changed(card.listing, claims), plain=_changed(card.plain, claims))


def _changed(listing: Listing | None, claims: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return listing and Listing.model_validate({**listing.model_dump(), **claims})


def _product(card: Card, reviews: Sequence[Review]) -> dict[str, Any]:
    parts = card.world.markup.parts
    node: dict[str, Any] = {"@type": "Product", "name": card.listing.title}
    if "product" in parts:
        node |= _facts(card)
    if "offer" in parts:
        node["offers"] = _offers(card)
    if "rating" in parts and card.listing.rating is not None and card.listing.review_count:
        node["aggregateRating"] = _rating(card.listing)
    if "review" in parts and reviews:
        node["review"] = [_review(review) for review in reviews]
    return node


def _facts(card: Card) -> dict[str, Any]:
    facts = {
        "sku": card.id,
        "url": card.url,
        "description": card.description,
        "image": card.pictures,
        "brand": {"@type": "Brand", "name": card.product.brand} if card.product.brand else None,
        "additionalProperty": [
            {"@type": "PropertyValue", "name": name, "value": value}
            for name, value in card.product.attributes.items()
        ],
    }
    return {name: value for name, value in facts.items() if value}


def _offers(card: Card) -> dict[str, Any]:
    """One offer, or all of them under their range of prices."""
    offers = [_offer(each) for each in (card, *card.offers)]
    if len(offers) == 1:
        return offers[0]
    cents = [each.listing.price_cents for each in (card, *card.offers)]
    currency = card.world.currency
    return {
        "@type": "AggregateOffer",
        "lowPrice": decimal(min(cents), currency),
        "highPrice": decimal(max(cents), currency),
        "priceCurrency": currency,
        "offerCount": len(offers),
        "offers": offers,
    }


def _offer(card: Card) -> dict[str, Any]:
    listing, currency = card.listing, card.world.currency
    word = card.condition.partition(" ")[0].lower()
    offer: dict[str, Any] = {
        "@type": "Offer",
        "price": decimal(listing.price_cents, currency),
        "priceCurrency": currency,
        "availability": f"{SCHEMA}/{'InStock' if card.available else 'OutOfStock'}",
        "itemCondition": f"{SCHEMA}/{CONDITIONS.get(word, 'UsedCondition')}",
        "url": card.url,
        "shippingDetails": _shipping(card),
    }
    more = list(_further_prices(card))
    if more:
        offer["priceSpecification"] = more[0] if len(more) == 1 else more
    if listing.seller:
        offer["seller"] = {"@type": "Organization", "name": listing.seller}
    return offer


def _further_prices(card: Card) -> Iterator[dict[str, Any]]:
    """The struck-through price and the fee, where they are shown."""
    currency, struck = card.world.currency, card.listing.list_price_cents
    if struck is not None:
        yield {
            "@type": "UnitPriceSpecification",
            "priceType": f"{SCHEMA}/StrikethroughPrice",
            "price": decimal(struck, currency),
            "priceCurrency": currency,
        }
    if card.fee_cents:
        yield {
            "@type": "UnitPriceSpecification",
            "name": "Service fee",
            "price": decimal(card.fee_cents, currency),
            "priceCurrency": currency,
        }


def _shipping(card: Card) -> dict[str, Any]:
    """What delivery costs, and how many days it takes."""
    currency, days = card.world.currency, card.listing.delivery_days
    return {
        "@type": "OfferShippingDetails",
        "shippingRate": {
            "@type": "MonetaryAmount",
            "value": decimal(card.listing.shipping_cents, currency),
            "currency": currency,
        },
        "deliveryTime": {
            "@type": "ShippingDeliveryTime",
            "transitTime": {
                "@type": "QuantitativeValue",
                "minValue": days,
                "maxValue": days,
                "unitCode": "DAY",
            },
        },
    }


def _rating(listing: Listing) -> dict[str, Any]:
    return {
        "@type": "AggregateRating",
        "ratingValue": round(listing.rating or 0, 1),
        "ratingCount": listing.review_count,
        "bestRating": 5,
        "worstRating": 1,
    }


def _review(review: Review) -> dict[str, Any]:
    node = {
        "@type": "Review",
        "reviewRating": {"@type": "Rating", "ratingValue": review.stars, "bestRating": 5},
        "name": review.title,
        "reviewBody": review.text,
        "datePublished": review.date,
        "author": {"@type": "Person", "name": review.author} if review.author else None,
    }
    return {name: value for name, value in node.items() if value}


def _breadcrumbs(trail: Trail) -> dict[str, Any]:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": path}
            for position, (name, path) in enumerate(trail, start=1)
        ],
    }
