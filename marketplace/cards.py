"""What a shopper is shown of a listing: the one source of pages, JSON API and markup."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode

from aces.types import Listing, Mark, Option, OptionValue, Product, Review, World
from marketplace.api.answers import (
    Details,
    OfferAnswer,
    OptionAnswer,
    Summary,
    ValueAnswer,
)
from marketplace.choosing import (
    Chosen,
    as_chosen,
    can_choose,
    chosen,
    offer_of,
    switched,
)
from marketplace.locales import day_after, long_day, number, short_day, stars
from marketplace.marks import LOW_STOCK, shown_marks, visible_text, words_within
from marketplace.money import Parts, amount, decimal, parts
from marketplace.reviews import fit, histogram, shown, sorted_by

OPTION = "o."
"""Begins the names of fields and query parameters that choose an option: `o.Size=M`."""


@dataclass(slots=True)
class Card:
    """A listing as shown in one world.

    Args:
        world: For currency, locale and clock.
        listing: How it is offered: as treated, and as chosen.
        product: What it is.
        picked: The choice that the listing is shown in; empty for the listing's own.
        plain: The listing before anything was chosen; the same where not given.
    """

    world: World
    listing: Listing
    product: Product
    picked: Chosen = ()
    plain: Listing | None = None

    @property
    def id(self) -> str:
        """The product's id."""
        return self.listing.product_id

    @property
    def options(self) -> Chosen:
        """The chosen value of every option."""
        return self.picked or chosen(self.product, {})

    @property
    def url(self) -> str:
        """Path of the product page, with what is chosen."""
        if self.plain is None:
            return _path("product", self.listing.product_id)
        return product_url(self.product, self.picked, self._other_seller)

    @property
    def reviews_url(self) -> str:
        """Path of the page of reviews."""
        return f"{_path('product', self.id)}/reviews"

    @property
    def seller_url(self) -> str | None:
        """Path of the seller's page, where a seller is named."""
        return _path("seller", self.listing.seller) if self.listing.seller else None

    @property
    def pictures(self) -> list[str]:
        """Paths of the pictures."""
        return [_path("pictures", key) for key in self.listing.pictures]

    @property
    def alts(self) -> list[str]:
        """What each picture is called for those who do not see it."""
        total = len(self.listing.pictures)
        names = [f"Product picture {n} of {total}" for n in range(1, total + 1)]
        if self.alt and names:
            names[0] += f". {self.alt}"
        return names

    @property
    def alt(self) -> str:
        """What the first picture's alternative text says besides; empty in most shops."""
        return words_within(self.listing, "alt") if self.listing.pictures else ""

    @property
    def description(self) -> str:
        """What the seller says of it."""
        own, more = self.listing.description, words_within(self.listing, "description")
        return f"{own} {more}".strip() if more else own

    @property
    def price(self) -> Parts:
        """Symbol, whole and fraction, which pages print in different sizes."""
        return parts(self.listing.price_cents, self.world.currency, self.world.locale)

    @property
    def price_text(self) -> str:
        """The price in one piece."""
        return self.money(self.listing.price_cents)

    @property
    def list_price(self) -> str | None:
        """The struck-through price, where there is one."""
        cents = self.listing.list_price_cents
        return None if cents is None else self.money(cents)

    @property
    def saving(self) -> int:
        """Whole percent below the list price, rounded down."""
        cents = self.listing.list_price_cents
        return max(0, (cents - self.listing.price_cents) * 100 // cents) if cents else 0

    @property
    def fee_cents(self) -> int:
        """The fee that is told beside the price; 0 where none is."""
        return self.listing.fee_cents if self.world.fee_told == "upfront" else 0

    @property
    def fee(self) -> str | None:
        """What it comes to, where it is told."""
        return self.money(self.fee_cents) if self.fee_cents else None

    @property
    def rating(self) -> str | None:
        """Stars to one decimal."""
        rating = self.listing.rating
        return None if rating is None else stars(rating, self.world.locale)

    @property
    def stars(self) -> float | None:
        """The rating as shown, as a number."""
        rating = self.listing.rating
        return None if rating is None else round(rating, 1)

    @property
    def ratings(self) -> tuple[str, str]:
        """How many ratings there are, and the word for them."""
        count = self.listing.review_count
        return number(count, self.world.locale), "rating" if count == 1 else "ratings"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Everything laid over the listing."""
        return shown_marks(self.listing)

    def marks_at(self, place: str) -> list[tuple[str, str]]:
        """Returns look and text of the marks that stand at a place of the card."""
        return [(mark.look, visible_text(mark)) for mark in self.marks if mark.place == place]

    @property
    def delivery(self) -> str:
        """The promise under the price."""
        listing, world = self.listing, self.world
        return promise(
            world.clock,
            listing.delivery_days,
            listing.shipping_cents,
            world.currency,
            world.locale,
        )

    @property
    def available(self) -> bool:
        """Whether it can be bought."""
        return self.listing.stock > 0

    @property
    def plentiful(self) -> bool:
        """Whether the stock needs no mention."""
        return self.listing.stock > LOW_STOCK

    @property
    def choices(self) -> list["OptionCard"]:
        """The options, each with its values, as things stand."""
        return [OptionCard(self, option) for option in self.product.options]

    @property
    def condition(self) -> str:
        """New, or used and how."""
        offer = offer_of(self._plain, self.listing.seller)
        return offer.condition if offer else "New"

    @property
    def offers(self) -> list["Card"]:
        """The same thing from other sellers than the one shown."""
        sellers = dict.fromkeys(["", *(offer.seller for offer in self._plain.offers)])
        cards = [self.switched(self.options, seller) for seller in sellers]
        shown = self.listing.seller
        return [
            card
            for card, seller in zip(cards, sellers, strict=True)
            if card.listing.seller != shown and seller != self._plain.seller
        ]

    @property
    def histogram(self) -> list["Bar"]:
        """How many gave how many stars, 5 first."""
        counts = histogram(self.listing.rating, self.listing.review_count)
        total = sum(counts) or 1
        return [
            Bar(stars, n, number(n, self.world.locale), round(100 * n / total))
            for stars, n in zip((5, 4, 3, 2, 1), counts, strict=True)
        ]

    @property
    def reviews(self) -> tuple[Review, ...]:
        """The reviews that fit the rating."""
        found = shown(self.product.reviews, self.listing.rating, self.listing.review_count)
        more = words_within(self.listing, "review")
        if not more or not found:
            return found
        first = sorted_by(found)[0]
        said = first.model_copy(update={"text": f"{first.text} {more}".strip()})
        return tuple(said if review is first else review for review in found)

    @property
    def fit(self) -> tuple[str, int, int] | None:
        """How a garment runs by its reviews: how, votes for it, votes in all."""
        return fit(self.reviews)

    def money(self, cents: int) -> str:
        """Returns an amount as this shop writes it."""
        return amount(cents, self.world.currency, self.world.locale)

    def day(self, iso: str) -> str:
        """Returns a day as this shop writes it; empty where there is none."""
        return long_day(iso, self.world.locale) if iso else ""

    def switched(self, options: Chosen, seller: str) -> "Card":
        """Returns the card of another choice or seller."""
        listing = as_chosen(self._plain, self.product, options, seller)
        return Card(self.world, listing, self.product, options, self._plain)

    def summary(self) -> Summary:
        """Returns the facts of the card as the API gives them."""
        listing, currency = self.listing, self.world.currency
        list_cents = listing.list_price_cents
        answer: Summary = {
            "id": listing.product_id,
            "title": listing.title,
            "price": decimal(listing.price_cents, currency),
            "list_price": None if list_cents is None else decimal(list_cents, currency),
            "saving_percent": self.saving,
            "rating": self.stars,
            "review_count": listing.review_count,
            "marks": [visible_text(mark) for mark in self.marks],
            "delivery": self.delivery,
            "available": self.available,
            "picture": _path("pictures", listing.pictures[0]) if listing.pictures else None,
            "url": self.url,
        }
        if self.fee_cents:
            answer["fee"] = decimal(self.fee_cents, currency)
        return answer

    def details(self) -> Details:
        """Returns the facts of the product page as the API gives them."""
        product = self.product
        return {
            **self.summary(),
            "pictures": self.pictures,
            "brand": product.brand,
            "category": product.category,
            "seller": self.listing.seller,
            "condition": self.condition,
            "bullets": list(self.listing.bullets),
            "description": self.description,
            "attributes": dict(product.attributes),
            "specification": dict(product.specification),
            "options": [choice.facts() for choice in self.choices],
            "offers": [card.offer_facts() for card in self.offers],
            "histogram": {str(bar.stars): bar.count for bar in self.histogram},
        }

    def offer_facts(self) -> OfferAnswer:
        """Returns the facts of another seller's offer as the API gives them."""
        currency = self.world.currency
        answer: OfferAnswer = {
            "seller": self.listing.seller,
            "condition": self.condition,
            "price": decimal(self.listing.price_cents, currency),
            "delivery": self.delivery,
        }
        if self.fee_cents:
            answer["fee"] = decimal(self.fee_cents, currency)
        return answer

    @property
    def _other_seller(self) -> str:
        """Who sells it as shown; empty where that is the listing's own seller."""
        same = self.plain is None or self.plain.seller == self.listing.seller
        return "" if same else self.listing.seller

    @property
    def _plain(self) -> Listing:
        return self.plain or self.listing


@dataclass(slots=True, frozen=True)
class OptionCard:
    """An option of a product, as shown on its page."""

    card: Card
    option: Option

    @property
    def name(self) -> str:
        """What is chosen by it."""
        return self.option.name

    @property
    def field(self) -> str:
        """What its field in a form is called."""
        return OPTION + self.option.name

    @property
    def selected(self) -> str:
        """The value chosen."""
        return dict(self.card.options)[self.option.name]

    @property
    def values(self) -> list["ValueCard"]:
        """Its values."""
        return [ValueCard(self.card, self.option.name, value) for value in self.option.values]

    def facts(self) -> OptionAnswer:
        """Returns it as the API gives it."""
        return {
            "name": self.name,
            "selected": self.selected,
            "values": [value.facts() for value in self.values],
        }


@dataclass(slots=True, frozen=True)
class ValueCard:
    """One value of an option, and what choosing it leads to."""

    card: Card
    option: str
    record: OptionValue

    @property
    def value(self) -> str:
        """What it is called."""
        return self.record.value

    @property
    def selected(self) -> bool:
        """Whether it is the one chosen."""
        return (self.option, self.value) in self.card.options

    @property
    def available(self) -> bool:
        """Whether it can be had if all else stays as chosen."""
        return can_choose(self.card.product, self.card.options, self.option, self.value)

    @property
    def picture(self) -> str | None:
        """Path of the picture that shows it."""
        return _path("pictures", self.record.picture) if self.record.picture else None

    @property
    def leads_to(self) -> Card:
        """The card with this value chosen."""
        options = switched(self.card.options, self.option, self.value)
        return self.card.switched(options, self.card.listing.seller)

    def facts(self) -> ValueAnswer:
        """Returns it as the API gives it."""
        currency = self.card.world.currency
        return {
            "value": self.value,
            "available": self.available,
            "price": decimal(self.leads_to.listing.price_cents, currency),
        }


@dataclass(slots=True, frozen=True)
class Bar:
    """One row of the histogram of ratings."""

    stars: int
    count: int
    text: str
    """The count as written."""
    percent: int


def product_url(product: Product, options: Chosen = (), seller: str = "") -> str:
    """Returns the path of a product's page; first values and the own seller need no naming."""
    path = _path("product", product.id)
    if not options and not seller:
        return path
    pairs = [(OPTION + name, value) for name, value in options if options != chosen(product, {})]
    pairs += [("seller", seller)] if seller else []
    return f"{path}?{urlencode(pairs)}" if pairs else path


def wanted_options(arguments: Mapping[str, str]) -> dict[str, str]:
    """Returns the options named in a query string or a form."""
    return {
        name.removeprefix(OPTION): value
        for name, value in arguments.items()
        if name.startswith(OPTION)
    }


@lru_cache(maxsize=2048)
def promise(clock: str, days: int, cents: int, currency: str, tag: str) -> str:
    """Returns what the shop says of delivery: `FREE delivery Tue, Jan 20`."""
    cost = amount(cents, currency, tag) if cents else "FREE"
    return f"{cost} delivery {short_day(day_after(clock, days), tag)}"


@lru_cache(maxsize=4096)
def _path(folder: str, name: str) -> str:
    """Path of something on this server, whatever the name holds."""
    return f"/{folder}/{quote(name, safe='')}"
