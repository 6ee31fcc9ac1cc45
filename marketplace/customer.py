"""The one customer of the shop: every buyer finds the same name, address and card filled in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom the shop delivers to and who pays."""

    name: str
    address: tuple[str, ...]
    card: str

    @property
    def first_name(self) -> str:
        """What the shop greets the customer by."""
        return self.name.partition(" ")[0]

    @property
    def town(self) -> str:
        """The last line of the address, for the header."""
        return self.address[-1]


CUSTOMER = Customer(
    name="Alex Morgan",
    address=("48 Juniper Street", "Springfield, IL 62704"),
    card="Visa ending in 4242",
)
