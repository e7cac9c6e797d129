"""How PostgreSQL means to carry out the statements that some code executes."""

from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

from sqlalchemy import Engine, event


def scanned(engine: Engine, run: Callable[[], object]) -> set[str]:
    """The tables that are read from end to end by what `run` executes on the engine."""
    executed: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401  the driver's
        executed.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    found: set[str] = set()
    with engine.connect() as connection:
        for statement, parameters in executed:
            (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
            found |= {node["Relation Name"] for node in _nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
        connection.rollback()
    return found


def _nodes(node: Mapping[str, Any]) -> Generator[Mapping[str, Any]]:
    yield node
    for child in cast("list[Mapping[str, Any]]", node.get("Plans", [])):
        yield from _nodes(child)
