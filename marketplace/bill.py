"""What some lines come to: the one place where the shop adds up."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, get_args

from aces.types import Coupon, World
from marketplace.items import Line
from marketplace.locales import day_after
from marketplace.money import scaled

Delivery = Literal["standard", "express"]
DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)

EXPRESS_CENTS = 999
"""What express adds to standard delivery, in minor units of any currency."""
EXPRESS_DAYS = 1


class DeliveryChoice(NamedTuple):
    """One way of delivery of some lines."""

    name: Delivery
    title: str
    cents: int
    arrival: date


class Bill(NamedTuple):
    """Sums in minor units, and when all of it is there."""

    lines: tuple[Line, ...]
    items_cents: int
    discount_cents: int
    shipping_cents: int
    fees_cents: int
    coupon: Coupon | None
    """The coupon that counts; None where there is none, or its minimum is not met."""
    delivery: Delivery
    arrival: date

    @property
    def total_cents(self) -> int:
        """What is to be paid."""
        return self.items_cents - self.discount_cents + self.shipping_cents + self.fees_cents

    @property
    def units(self) -> int:
        """How many things there are."""
        return sum(line.units for line in self.lines)


def bill(
    lines: Sequence[Line],
    world: World,
    coupon: Coupon | None = None,
    delivery: Delivery = "standard",
) -> Bill:
    """Adds up some lines.

    Args:
        lines: What is bought.
        world: For the day.
        coupon: What the shopper handed in.
        delivery: Falls back to standard where the lines can't be sent so.
    """
    items = sum(line.total_cents for line in lines)
    counts = coupon is not None and items >= coupon.minimum_cents
    ways = delivery_choices(lines, world)
    way = next((each for each in ways if each.name == delivery), ways[0])
    return Bill(
        lines=tuple(lines),
        items_cents=items,
        discount_cents=discount_cents(coupon, items) if coupon else 0,
        shipping_cents=way.cents,
        fees_cents=sum(line.fees_cents for line in lines),
        coupon=coupon if counts else None,
        delivery=way.name,
        arrival=way.arrival,
    )


def discount_cents(coupon: Coupon, items_cents: int) -> int:
    """Returns what a coupon takes off: nothing below its minimum, never more than there is."""
    if items_cents < coupon.minimum_cents:
        return 0
    share = scaled(items_cents, coupon.percent / 100)
    return min(items_cents, share + coupon.off_cents)


def delivery_choices(lines: Sequence[Line], world: World) -> tuple[DeliveryChoice, ...]:
    """Returns the ways in which some lines can be sent, the standard one first.

    All comes in one parcel: the dearest listing's delivery is paid, the slowest one waited for.
    """
    days = max([line.listing.delivery_days for line in lines], default=0)
    cents = max([line.listing.shipping_cents for line in lines], default=0)
    standard = DeliveryChoice("standard", "Standard", cents, day_after(world.clock, days))
    if days <= EXPRESS_DAYS:
        return (standard,)
    soon = day_after(world.clock, EXPRESS_DAYS)
    return standard, DeliveryChoice("express", "Express", cents + EXPRESS_CENTS, soon)
