"""The JSON API described for programs: OpenAPI 3.1, from the types that the code is checked by."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from marketplace.api import answers, asked

ERRORS = {
    "400": "The request can't be read.",
    "401": "No session is open under this token.",
    "404": "There is no such thing in this shop.",
    "409": "The shop declines, and says why.",
    "413": "The request is too long.",
}
_REF = "#/components/schemas/{model}"


class Operation(NamedTuple):
    """One call.

    Attributes:
        name: Unique.
        summary: What it does.
        gives: Type of the answer.
        takes: Type of the body.
        arguments: Type of the URL's parameters.
        status: Of success.
        body_needed: Whether there must be a body.
    """

    name: str
    summary: str
    gives: type
    takes: type | None = None
    arguments: type | None = None
    status: int = 200
    body_needed: bool = True


OPERATIONS: dict[str, dict[str, Operation]] = {
    "/api/enter": {"get": Operation("enter", "Open the visit.", answers.Welcome)},
    "/api/home": {"get": Operation("home", "The front page.", answers.HomeAnswer)},
    "/api/categories": {
        "get": Operation("categories", "All categories.", answers.CategoriesAnswer)
    },
    "/api/search": {
        "get": Operation(
            "search",
            "Search and filter; `a.<attribute>=<value>` filters by an attribute.",
            answers.ResultsAnswer,
            arguments=asked.Searching,
        )
    },
    "/api/products/{product_id}": {
        "get": Operation(
            "product",
            "A product in full; `o.<option>=<value>` chooses an option.",
            answers.ProductAnswer,
            arguments=asked.Viewing,
        )
    },
    "/api/products/{product_id}/reviews": {
        "get": Operation(
            "reviews",
            "What buyers say.",
            answers.ReviewsAnswer,
            arguments=asked.ReadingReviews,
        )
    },
    "/api/compare": {
        "get": Operation(
            "compare", "Products side by side.", answers.CompareAnswer, arguments=asked.Comparing
        )
    },
    "/api/sellers/{name}": {
        "get": Operation("seller", "Who a seller is and what it sells.", answers.SellerAnswer)
    },
    "/api/cart": {
        "get": Operation("cart", "What lies in the cart.", answers.CartAnswer),
        "post": Operation("add", "Put into the cart.", answers.CartAnswer, takes=asked.Adding),
    },
    "/api/cart/{key}": {
        "patch": Operation(
            "change", "Change the number of units.", answers.CartAnswer, takes=asked.Changing
        ),
        "delete": Operation("remove", "Take out of the cart.", answers.CartAnswer),
    },
    "/api/cart/coupon": {
        "post": Operation(
            "hand_in", "Take a coupon off the bill.", answers.CartAnswer, takes=asked.HandingIn
        ),
        "delete": Operation("take_back", "Take the coupon back.", answers.CartAnswer),
    },
    "/api/checkout": {
        "get": Operation("checkout", "The order before it is placed.", answers.CheckoutAnswer)
    },
    "/api/orders": {
        "get": Operation("orders", "The orders placed, the newest first.", answers.OrdersAnswer),
        "post": Operation(
            "place_order",
            "Buy what is in the cart.",
            answers.OrderAnswer,
            takes=asked.Ordering,
            status=201,
            body_needed=False,
        ),
    },
    "/api/orders/{order_id}": {
        "get": Operation("order", "An order placed.", answers.OrderAnswer),
    },
}


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Returns the OpenAPI document: the same for every world."""
    schemas: dict[str, Any] = {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shop",
            "version": "1",
            "description": "Prices are decimal strings in major units of the answer's currency.",
        },
        "security": [{"bearer": []}],
        "paths": {
            path: {method: _operation(each, path, schemas) for method, each in methods.items()}
            for path, methods in OPERATIONS.items()
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _operation(operation: Operation, path: str, schemas: dict[str, Any]) -> dict[str, Any]:
    answer = _json(_named(operation.gives, schemas))
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_in_path(path), *_in_query(operation.arguments)],
        "responses": {str(operation.status): {"description": "Done.", **answer}},
    }
    if operation.takes:
        body = _json(_named(operation.takes, schemas))
        described["requestBody"] = {"required": operation.body_needed, **body}
    error = _json(_named(answers.Error, schemas))
    described["responses"] |= {
        status: {"description": meaning, **error} for status, meaning in ERRORS.items()
    }
    return described


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _named(kind: type, schemas: dict[str, Any]) -> dict[str, Any]:
    """Puts a type and all it is made of among the schemas, and returns the reference to it."""
    schema = TypeAdapter(kind).json_schema(ref_template=_REF)
    schemas |= schema.pop("$defs", {})
    schemas[kind.__name__] = schema
    return {"$ref": _REF.format(model=kind.__name__)}


def _in_path(path: str) -> Iterator[dict[str, Any]]:
    """The parameters between slashes."""
    for part in path.split("/"):
        if part.startswith("{"):
            schema = {"type": "string", "minLength": 1}
            yield {"name": part[1:-1], "in": "path", "required": True, "schema": schema}


def _in_query(arguments: type | None) -> Iterator[dict[str, Any]]:
    """The parameters after the question mark."""
    if arguments is None:
        return
    schema = TypeAdapter(arguments).json_schema()
    for name, each in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": each.pop("description", name),
            "schema": each,
        }
