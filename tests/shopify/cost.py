"""What a request costs by Shopify's rules, and the bucket that it is paid from.

An object costs 1, a scalar nothing, a list as many as are asked for of it, a mutation 10. The cost
that was asked for has to be in the bucket; what the answer did not need is given back at once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)
from graphql.utilities import value_from_ast_untyped

MUTATION_COST = 10
QUERY_COST_MAX = 1_000
"""A request that would cost more is refused, however full the bucket is."""


class Bucket:
    """A leaky bucket of points."""

    def __init__(self, clock: Callable[[], float], maximum: float, restore_rate: float) -> None:
        self._clock = clock
        self.maximum = maximum
        self.restore_rate = restore_rate
        self._level = maximum
        self._at = clock()

    def available(self) -> float:
        now = self._clock()
        self._level = min(self.maximum, self._level + (now - self._at) * self.restore_rate)
        self._at = now
        return self._level

    def take(self, points: float) -> None:
        self._level = self.available() - points

    def status(self) -> dict[str, float]:
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": float(int(self.available())),
            "restoreRate": self.restore_rate,
        }


def requested_cost(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """The most that an answer to the operation can cost."""
    root = schema.get_root_type(operation.operation)
    mutation = operation.operation is OperationType.MUTATION
    return _selected(schema, root, operation.selection_set, variables, mutation)


def actual_cost(operation: OperationDefinitionNode, data: Any) -> int:
    """What the answer did cost: its objects."""
    objects = _objects(data) - 1
    return objects + (MUTATION_COST if operation.operation is OperationType.MUTATION else 0)


def _selected(
    schema: GraphQLSchema,
    parent: Any,
    selected: SelectionSetNode,
    variables: Mapping[str, Any],
    mutation: bool,
) -> int:
    total = 0
    for selection in selected.selections:
        if isinstance(selection, InlineFragmentNode):
            inner = selection.type_condition
            kind = schema.get_type(inner.name.value) if inner else parent
            total += _selected(schema, kind, selection.selection_set, variables, False)
        elif isinstance(selection, FieldNode):
            total += _field(schema, parent, selection, variables, mutation)
        elif isinstance(selection, FragmentSpreadNode):
            raise TypeError("named fragments are not part of this subset")
    return total


def _field(
    schema: GraphQLSchema,
    parent: Any,
    field: FieldNode,
    variables: Mapping[str, Any],
    mutation: bool,
) -> int:
    kind = get_named_type(parent.fields[field.name.value].type)
    if not is_composite_type(kind) or field.selection_set is None:
        return 0
    arguments = {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in field.arguments or ()
    }
    own = _selected(schema, kind, field.selection_set, variables, False)
    if mutation:
        return own + MUTATION_COST
    if kind.name.endswith("Connection"):
        return own * int(arguments.get("first") or 1)
    size = len(arguments.get("ids", ())) or int(arguments.get("first") or 1)
    return (own + (kind.name != "PageInfo")) * size


def _objects(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_objects, value.values()))
    if isinstance(value, list):
        return sum(map(_objects, value))
    return 0
