"""What is read after a write depends on the replica: each is behind by a while of its own, and none forever."""

import random
from itertools import pairwise

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.replicas import Replicas
from sandbox.simulators.graph.user import User
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.graph.served import GROUP, SKU, Graph

LAG = 60.0
LAGS = [GraphQuirks(lag=LAG)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replicas(clock: Clock) -> Replicas:
    return Replicas(clock=clock, rng=random.Random(1))  # noqa: S311  repeatable


def user() -> User:
    return User("1", {"userPrincipalName": "maria@academy.example", "accountEnabled": True}, "")


def enabled(replicas: Replicas, one: User) -> list[bool | None]:
    """By each replica; None where it does not know the user."""
    shown = [replicas.shown(one, replica) for replica in range(3)]
    return [None if seen is None else seen.enabled for seen in shown]


def disable(replicas: Replicas, one: User) -> None:
    with replicas.changed(one, lag=LAG):
        one.properties["accountEnabled"] = False


def test_a_change_reaches_the_replicas_one_by_one_within_the_lag(clock: Clock, replicas: Replicas) -> None:
    one = user()
    disable(replicas, one)
    seen = [enabled(replicas, one)]
    for _ in range(60):
        clock.now += 1
        seen.append(enabled(replicas, one))

    assert seen[0] == [True] * 3
    assert seen[-1] == [False] * 3
    assert len({tuple(row) for row in seen}) == 4
    for before, after in pairwise(seen):
        assert all(now is False for then, now in zip(before, after, strict=True) if then is False)


def test_a_replica_shows_the_writes_in_their_order(clock: Clock, replicas: Replicas) -> None:
    one = user()
    replicas.created(one, lag=LAG)
    disable(replicas, one)
    seen = [enabled(replicas, one)]
    for _ in range(60):
        clock.now += 1
        seen.append(enabled(replicas, one))

    rank = {None: 0, True: 1, False: 2}
    for replica in range(3):
        ranks = [rank[row[replica]] for row in seen]
        assert ranks == sorted(ranks)
    assert seen[-1] == [False] * 3


def test_a_write_that_fails_leaves_nothing_to_be_seen(replicas: Replicas) -> None:
    one = user()
    with pytest.raises(ValueError, match="refused"), replicas.changed(one, lag=LAG):
        raise ValueError("refused")

    one.properties["accountEnabled"] = False
    assert enabled(replicas, one) == [False] * 3


def test_without_a_lag_a_write_is_seen_at_once(replicas: Replicas) -> None:
    one = user()
    replicas.created(one, lag=0.0)
    with replicas.changed(one, lag=0.0):
        one.properties["accountEnabled"] = False

    assert enabled(replicas, one) == [False] * 3


async def settled(graph: Graph) -> str:
    """A user whom every replica knows."""
    ident = await graph.created()
    graph.clock.now += LAG
    return ident


@pytest.mark.parametrize("quirks", LAGS)
async def test_a_user_who_was_disabled_may_still_be_read_as_enabled_and_does_not_sign_in(graph: Graph) -> None:
    ident = await settled(graph)
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json={"accountEnabled": False})).status_code == 204

    async def read() -> bool:
        answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "accountEnabled"})
        return answer.json()["accountEnabled"]

    assert await read() is True
    assert not graph.directory.sign_in("maria.o'neil@academy.example", "correct horse")
    graph.clock.now += LAG
    assert await read() is False


@pytest.mark.parametrize("quirks", LAGS)
async def test_a_search_meets_one_replica_too(graph: Graph) -> None:
    ident = await settled(graph)
    await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S2"})

    assert await graph.found("employeeId eq 'S1'") == [ident]
    graph.clock.now += LAG
    assert (await graph.found("employeeId eq 'S1'"), await graph.found("employeeId eq 'S2'")) == ([], [ident])


def test_a_write_that_is_seen_at_once_is_seen_with_those_before_it(replicas: Replicas) -> None:
    one = user()
    disable(replicas, one)
    with replicas.changed(one, lag=0.0):
        one.properties["employeeId"] = "S2"

    assert enabled(replicas, one) == [False] * 3


@pytest.mark.parametrize("quirks", LAGS)
async def test_deletions_and_restorations_are_seen_at_once(graph: Graph) -> None:
    ident = await graph.created()
    graph.clock.now += LAG
    await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S2"})

    await graph.http.delete(f"/v1.0/users/{ident}")
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 404
    await graph.http.post(f"/v1.0/directory/deletedItems/{ident}/restore", json={})
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 200


@pytest.mark.parametrize("quirks", [GraphQuirks(lag=LAG, lags_deletions=True)])
async def test_a_deleted_user_may_be_read_for_a_while_and_takes_no_write(graph: Graph) -> None:
    ident = await settled(graph)
    await graph.http.delete(f"/v1.0/users/{ident}")

    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 200
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S2"})).status_code == 404
    graph.clock.now += LAG
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 404


@pytest.mark.parametrize("quirks", LAGS)
async def test_what_was_done_meanwhile_counts_whatever_is_read(graph: Graph) -> None:
    ident = await settled(graph)
    graph.directory.join(GROUP, ident)
    graph.directory.assign(ident, [SKU], [])

    answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "assignedLicenses"})

    assert answer.json()["assignedLicenses"] == []
    assert graph.directory.stock[SKU] == 0
    graph.directory.assign(ident, [], [SKU])
    assert graph.directory.stock[SKU] == 1
