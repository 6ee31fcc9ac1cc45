"""The one customer of the shop: every buyer finds the same name, address and card filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes."""

    name: str
    street: str
    city: str
    postal_code: str

    @property
    def lines(self) -> tuple[str, str]:
        """The address below the name."""
        return self.street, f"{self.city} {self.postal_code}"

    @property
    def fault(self) -> str | None:
        """What is wrong with it, for the shopper; None where nothing is."""
        for name in ADDRESS_FIELDS:
            value, label = getattr(self, name), name.replace("_", " ")
            if not value:
                return f"The address needs a {label}."
            if len(value) > MAX_LENGTH:
                return f"The {label} of the address is longer than {MAX_LENGTH} characters."
        return None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Address":
        """Returns an address from a form's fields; fields left out are the customer's own."""
        own = CUSTOMER.home
        given = {name: given.get(name, getattr(own, name)) for name in ADDRESS_FIELDS}
        return cls(**{name: " ".join(text.split()) for name, text in given.items()})


ADDRESS_FIELDS = tuple(field.name for field in fields(Address))


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom the shop delivers to and who pays."""

    home: Address
    card: str

    @property
    def name(self) -> str:
        """First and last name."""
        return self.home.name

    @property
    def address(self) -> tuple[str, str]:
        """The lines of the address below the name."""
        return self.home.lines

    @property
    def first_name(self) -> str:
        """What the shop greets the customer by."""
        return self.name.partition(" ")[0]

    @property
    def town(self) -> str:
        """The last line of the address, for the header."""
        return self.address[-1]


CUSTOMER = Customer(
    home=Address("Alex Morgan", "48 Juniper Street", "Springfield, IL", "62704"),
    card="Visa ending in 4242",
)
