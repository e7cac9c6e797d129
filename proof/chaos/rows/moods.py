"""Vendors in a mood, and how many of our calls met it."""

from contextlib import suppress

from proof.chaos.scene import Scene
from sandbox.simulators.temper import Rule

_PATIENCE = 30.0
"""Seconds: as long as replicas may take that another fault has ended."""


async def moody(scene: Scene, *rules: Rule, fault: str, share: float = 1.0) -> None:
    """For a part of the window, and on until a call has met it; counts the calls that did."""
    since = len(scene.calls())

    async def felt() -> bool:
        return met(scene, since) > 0

    scene.tempers(*rules)
    await scene.sleep(share)
    with suppress(AssertionError):
        await scene.until("a call meets it", felt, seconds=_PATIENCE)
    scene.tempers()
    scene.fire(fault, met(scene, since))


def met(scene: Scene, since: int, *, tenant: str | None = None) -> int:
    """Of the row's calls from the one given on, those that a vendor's mood befell; latency is none. `tenant` as the vendor knows it."""
    calls = [call for call in scene.calls()[since:] if "temper" in call.noted]
    return sum(tenant is None or call.noted.get("tenant") == tenant for call in calls)
