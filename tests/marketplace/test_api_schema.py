"""The API does what its OpenAPI file says, whatever it is sent."""

import re

import schemathesis
from hypothesis import HealthCheck, settings
from pydantic import TypeAdapter
from schemathesis import GenerationMode
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from marketplace.api.openapi import OPERATIONS
from marketplace.app import create_app
from marketplace.sessions import Sessions

SESSIONS = Sessions()
APP = create_app(SESSIONS)
GENERATION = GenerationConfig(
    modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE], deterministic=True, database="none"
)
CONFIG = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)))

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", APP, config=CONFIG)


@schema.parametrize()
@settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_described(case, full_world):
    token = SESSIONS.admit(full_world)
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})


WALK = [
    ("get", "/api/enter", {}),
    ("get", "/api/home", {}),
    ("get", "/api/categories", {}),
    ("get", "/api/search?q=stapler&facets=1&sort=price_desc&brand=Brand1&brand=Brand3", {}),
    ("get", "/api/products/p1?o.Size=L&seller=Second%20Hand", {}),
    ("get", "/api/products/p1/reviews?sort=lowest&stars=5", {}),
    ("get", "/api/compare?id=p1&id=p2", {}),
    ("get", "/api/sellers/Seller%203", {}),
    ("post", "/api/cart", {"product_id": "p1", "units": 2.0, "options": {"Size": "L"}}),
    ("post", "/api/cart", {"product_id": "p3", "units": 1}),
    ("patch", "/api/cart/p3", {"units": 2}),
    ("delete", "/api/cart/p3", {}),
    ("post", "/api/cart/coupon", {"code": "tenoff"}),
    ("delete", "/api/cart/coupon", {}),
    ("get", "/api/cart", {}),
    ("get", "/api/checkout", {}),
    ("post", "/api/orders", {"address": {"name": "Kim Lee"}, "delivery": "express"}),
    ("get", "/api/orders", {}),
    ("get", "/api/orders/{order_id}", {}),
]


def described(method, path):
    """The operation that a request is."""
    for pattern, methods in OPERATIONS.items():
        if re.fullmatch(re.sub(r"{\w+}", "(?!coupon$)[^/]+", pattern), path.partition("?")[0]):
            return pattern, methods[method]
    raise AssertionError(path)


def test_a_whole_visit_answers_in_the_described_types(full_world):
    client, seen, order_id = APP.test_client(), set(), ""
    bearer = {"Authorization": f"Bearer {SESSIONS.admit(full_world)}"}
    for method, template, body in WALK:
        path = template.format(order_id=order_id)
        pattern, operation = described(method, path)
        seen.add((pattern, method))
        answer = client.open(path, method=method, json=body or None, headers=bearer)
        assert answer.status_code == operation.status, (path, answer.text)
        told = TypeAdapter(operation.gives).validate_json(answer.data)
        order_id = told.get("order_id", order_id)
    assert seen == {(path, method) for path, methods in OPERATIONS.items() for method in methods}


def test_every_route_is_described():
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in APP.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    told = {(path, method) for path, methods in OPERATIONS.items() for method in methods}
    assert routes == told | {("/api/openapi.json", "get")}
