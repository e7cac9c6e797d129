"""What a query asks for, as its syntax tree says it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import promql_parser as promql


@dataclass(frozen=True, slots=True)
class Selected:
    """A metric that a query reads. `labels` are those that it names (matchers, `by`, `on`), with the values that matchers name;
    `kept` are those that the answer still has, None for all."""

    metric: str
    labels: Mapping[str, Sequence[str]]
    kept: frozenset[str] | None


def selected(query: str) -> Sequence[Selected]:
    """Every selector of the query. Raises ValueError where it is not PromQL."""
    return list(_in(promql.parse(query), ()))


_Within = tuple[promql.AggregateExpr | promql.BinaryExpr, ...]
"""What a part of the query stands in, from the outside."""


def _in(expr: promql.Expr, within: _Within) -> Iterator[Selected]:
    match expr:
        case promql.VectorSelector():
            yield _selected(expr, within)
        case promql.MatrixSelector():
            yield _selected(expr.vector_selector, within)
        case promql.AggregateExpr():
            yield from _in(expr.expr, (*within, expr))
        case promql.BinaryExpr():
            yield from _in(expr.lhs, (*within, expr))
            yield from _in(expr.rhs, (*within, expr))
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _in(expr.expr, within)
        case promql.Call():
            for argument in expr.args:
                yield from _in(argument, within)
        case _:
            return


def _selected(selector: promql.VectorSelector, within: _Within) -> Selected:
    matchers = selector.matchers.matchers
    labels = {one.name: one.value.split("|") if one.op in _REGEX else [one.value] for one in matchers}
    for outer in within:
        for name in _grouped(outer) or ():
            labels.setdefault(name, [])
    kept = next((names for outer in within if (names := _kept(outer)) is not None), None)
    return Selected(selector.name or "", labels, kept)


_REGEX = (promql.MatchOp.Re, promql.MatchOp.NotRe)


def _grouped(outer: promql.AggregateExpr | promql.BinaryExpr) -> Sequence[str] | None:
    """The labels that it names."""
    if isinstance(outer, promql.AggregateExpr):
        return outer.modifier.labels if outer.modifier else None
    return outer.modifier.matching.labels if outer.modifier and outer.modifier.matching else None


def _kept(outer: promql.AggregateExpr | promql.BinaryExpr) -> frozenset[str] | None:
    """The labels that are left by it; None where it leaves all."""
    if isinstance(outer, promql.BinaryExpr) or str(outer.op) in {"topk", "bottomk"}:
        return None
    return frozenset(outer.modifier.labels if outer.modifier else ())
