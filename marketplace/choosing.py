"""What a shopper may choose about a product, and what the choice makes of its listing."""

from collections.abc import Iterable, Mapping

from aces.types import Listing, Offer, OptionValue, Product
from marketplace.money import scaled

Chosen = tuple[tuple[str, str], ...]
"""Option and value, in the product's order; empty for a product without options."""

OFFER_STOCK = 100
"""Other sellers' stock is not known; they never run short of it."""


def chosen(product: Product, wanted: Mapping[str, str]) -> Chosen:
    """Returns a value for every option: the wanted one, or the first where there is none such."""
    if not wanted:
        return tuple([(option.name, option.values[0].value) for option in product.options])
    return tuple(
        (option.name, _value(option.values, wanted.get(option.name)).value)
        for option in product.options
    )


def misfit(product: Product, wanted: Mapping[str, str]) -> str | None:
    """Returns why a wish can't be had of this product at all; None where it can."""
    known = {option.name: [value.value for value in option.values] for option in product.options}
    for name, value in wanted.items():
        if name not in known:
            return f"This item has no option '{name}'."
        if value not in known[name]:
            return f"This item has no {name} '{value}'. Choose from: {', '.join(known[name])}."
    return None


def price_cents(listing: Listing, product: Product, options: Chosen) -> int:
    """Returns what a choice costs from the listing's own seller."""
    return scaled(listing.price_cents, *_factors(product, options))


def available(listing: Listing, product: Product, options: Chosen) -> bool:
    """Returns whether there is any of a choice."""
    return listing.stock > 0 and not sold_out(product, options)


def sold_out(product: Product, options: Chosen) -> bool:
    """Returns whether a combination is among those that can't be had."""
    if not product.sold_out:
        return False
    picked = dict(options)
    return any(
        all(picked.get(name) == value for name, value in combination.items())
        for combination in product.sold_out
    )


def can_choose(product: Product, options: Chosen, name: str, value: str) -> bool:
    """Returns whether one value could be had if all else stays as chosen."""
    return not sold_out(product, switched(options, name, value))


def switched(options: Chosen, name: str, value: str) -> Chosen:
    """Returns a choice with one option changed."""
    return tuple((each, value if each == name else old) for each, old in options)


def offer_of(listing: Listing, seller: str) -> Offer | None:
    """Returns another seller's offer of a listing, if there is one."""
    if seller in ("", listing.seller):
        return None
    return next((offer for offer in listing.offers if offer.seller == seller), None)


def as_chosen(listing: Listing, product: Product, options: Chosen, seller: str = "") -> Listing:
    """Returns a listing as it is sold in one choice, by its own seller or by another.

    Prices move by the factors of the options and the offer, pictures show the chosen values first,
    and there is no stock of what is sold out.

    Args:
        listing: The offer as treated.
        product: What it is.
        options: As `chosen` returns them; empty for the first values, which the listing offers.
        seller: Of another offer; empty for the listing's own.
    """
    offer, plain = offer_of(listing, seller), chosen(product, {})
    options = options or plain
    update: dict[str, object] = {}
    if offer is not None or options != plain:
        update = _changes(listing, product, options, offer)
    if sold_out(product, options):
        update["stock"] = 0
    return listing.model_copy(update=update) if update else listing


def _changes(
    listing: Listing, product: Product, options: Chosen, offer: Offer | None
) -> dict[str, object]:
    """The fields of a listing that a choice or another seller changes."""
    factors, struck = _factors(product, options), listing.list_price_cents
    changes: dict[str, object] = {
        "price_cents": scaled(listing.price_cents, *factors),
        "list_price_cents": None if struck is None else scaled(struck, *factors),
        "pictures": _pictures(listing, product, options),
    }
    if offer is not None:
        changes |= _terms(offer)
        changes["price_cents"] = scaled(listing.price_cents, *factors, offer.price_factor)
    return changes


def _terms(offer: Offer) -> dict[str, object]:
    return {
        "seller": offer.seller,
        "stock": OFFER_STOCK,
        "list_price_cents": None,  # the struck-through price is the listing's own
        "delivery_days": offer.delivery_days,
        "shipping_cents": offer.shipping_cents,
    }


def _values(product: Product, options: Chosen) -> Iterable[OptionValue]:
    picked = dict(options)
    return (_value(option.values, picked.get(option.name)) for option in product.options)


def _value(values: tuple[OptionValue, ...], wanted: str | None) -> OptionValue:
    return next((each for each in values if each.value == wanted), values[0])


def _factors(product: Product, options: Chosen) -> tuple[float, ...]:
    factors = (value.price_factor for value in _values(product, options))
    return tuple(factor for factor in factors if factor != 1)


def _pictures(listing: Listing, product: Product, options: Chosen) -> tuple[str, ...]:
    shown = [value.picture for value in _values(product, options) if value.picture]
    return tuple(dict.fromkeys((*shown, *listing.pictures)))
