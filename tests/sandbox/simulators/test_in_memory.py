"""Routes of a vendor without a socket: they are found as aiohttp's router finds them."""

from typing import Any

import pytest

from sandbox.simulators.in_memory import Routes

UNIT = "/orgunits/{path:.+}"


async def handler(request: Any) -> Any:
    raise NotImplementedError


@pytest.fixture
def routes() -> Routes:
    table = {
        ("list", "GET", "/orgunits"): handler,
        ("get", "GET", UNIT): handler,
        ("user", "GET", "/users/{key}"): handler,
    }
    return Routes(table)


@pytest.mark.parametrize(
    ("path", "name", "variables"),
    [
        ("/orgunits", "list", {}),
        ("/orgunits/Students", "get", {"path": "Students"}),
        ("/orgunits/Students/7%20a", "get", {"path": "Students/7 a"}),
        ("/users/a%40b", "user", {"key": "a@b"}),
    ],
)
def test_a_path_is_taken_apart(routes: Routes, path: str, name: str, variables: dict[str, str]) -> None:
    found, _, parts = routes.find("GET", path)
    assert (found, parts) == (name, variables)


@pytest.mark.parametrize(("method", "path"), [("POST", "/orgunits/Students"), ("GET", "/users/a/aliases")])
def test_what_no_route_takes_is_an_error(routes: Routes, method: str, path: str) -> None:
    with pytest.raises(LookupError):
        routes.find(method, path)
