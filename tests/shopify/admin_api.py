"""The GraphQL Admin API of a shop: checked against the schema, paid from the bucket, executed."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)
from graphql.utilities import value_from_ast_untyped

from tests.shopify.cost import QUERY_COST_MAX, Bucket, actual_cost, requested_cost
from tests.shopify.schema import admin_schema
from tests.shopify.set_quantities import SetQuantities, activate
from tests.shopify.shop import Order, Shop
from tests.shopify.views import connection, item_view, order_view, part_view

PAGE_MAX = 250
UPDATED = re.compile(r"updated_at:(>=|>|<=|<)'?([0-9TZ:+.\-]+)'?")


class AdminApi:
    """Answers one request after the other."""

    def __init__(self, shop: Shop, bucket: Bucket, clock: Callable[[], float]) -> None:
        self.set_quantities = SetQuantities(shop)
        self.throttled = 0
        """Requests that had to be refused because the bucket was empty."""
        self.index_lag_s = 0.0
        """So much later than an order itself is what a search of orders finds."""
        self._shop = shop
        self._bucket = bucket
        self._clock = clock
        self._schema = admin_schema()

    def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the body of the response says."""
        try:
            document = parse(query)
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        if errors := validate(self._schema, document):
            return {"errors": [error.formatted for error in errors]}
        operation = next(
            each for each in document.definitions if isinstance(each, OperationDefinitionNode)
        )
        requested = requested_cost(self._schema, operation, variables)
        if requested > QUERY_COST_MAX:
            message = f"Query cost is {requested}, which exceeds the single query max cost limit"
            return {"errors": [{"message": message, "extensions": {"code": "MAX_COST_EXCEEDED"}}]}
        if requested > self._bucket.available():
            self.throttled += 1
            errors_ = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
            return {"errors": errors_, "extensions": self._cost(requested, None)}
        result = execute_sync(
            self._schema,
            document,
            root_value=self._root(operation, variables),
            variable_values=dict(variables),
        )
        actual = min(requested, actual_cost(operation, result.data or {}))
        self._bucket.take(actual)
        return {**_formatted(result), "extensions": self._cost(requested, actual)}

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": self._bucket.status(),
            }
        }

    def _root(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        shop = self._shop
        fields = [
            each for each in operation.selection_set.selections if isinstance(each, FieldNode)
        ]
        written = fields[0]

        def set_quantities(_info: Any, **_input: Any) -> dict[str, Any]:
            # The executor does not tell what was left out from what is null: the document does.
            raw = value_from_ast_untyped((written.arguments or ())[0].value, dict(variables))
            return self.set_quantities(_idempotency_key(written, variables), raw)

        return {
            "nodes": lambda _info, ids: [self._node(each) for each in ids],
            "order": lambda _info, id: self._node(id),  # noqa: A006
            "orders": lambda _info, **arguments: self._orders(**arguments),
            "inventoryItem": lambda _info, id: item_view(shop, id),  # noqa: A006
            "inventoryItems": lambda info, first=None, after=None, query=None: connection(
                filter(None, (item_view(shop, item) for item in shop.items))
            )(info, first, after),
            "inventorySetQuantities": set_quantities,
            "inventoryActivate": lambda _info, **asked: activate(
                shop, _idempotency_key(written, variables), asked
            ),
        }

    def _node(self, identity: str) -> dict[str, Any] | None:
        if order := self._shop.orders.get(identity):
            return order_view(self._shop, order)
        return item_view(self._shop, identity) or part_view(self._shop, identity)

    def _orders(
        self,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str = "CREATED_AT",
        reverse: bool = False,
    ) -> dict[str, Any]:
        if first is None or not 1 <= first <= PAGE_MAX:
            raise GraphQLError(f"first must be from 1 to {PAGE_MAX}")
        time: Callable[[Order], datetime] = lambda order: (  # noqa: E731
            order.updated_at if sortKey == "UPDATED_AT" else order.created_at
        )
        indexed_until = self._clock() - self.index_lag_s
        found = [
            order
            for order in self._shop.orders.values()
            if order.changed_at <= indexed_until and _matches(order, query or "")
        ]
        found.sort(key=lambda order: (time(order), order.id), reverse=reverse)
        keys = [f"{time(order).isoformat()}|{order.id}" for order in found]
        start = next((at for at, key in enumerate(keys) if key > after), len(keys)) if after else 0
        page = found[start : start + first]
        end = start + len(page)
        return {
            "nodes": [order_view(self._shop, order) for order in page],
            "pageInfo": {
                "hasNextPage": end < len(found),
                "endCursor": keys[end - 1] if page else None,
            },
        }


def _matches(order: Order, query: str) -> bool:
    for operator, written in UPDATED.findall(query):
        time = datetime.fromisoformat(written).astimezone(UTC)
        updated = order.updated_at
        if not {
            ">=": updated >= time,
            ">": updated > time,
            "<=": updated <= time,
            "<": updated < time,
        }[operator]:
            return False
    return True


def _idempotency_key(field: FieldNode, variables: Mapping[str, Any]) -> str | None:
    for directive in field.directives or ():
        if directive.name.value == "idempotent":
            return str(
                value_from_ast_untyped((directive.arguments or ())[0].value, dict(variables))
            )
    return None


def _formatted(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer
