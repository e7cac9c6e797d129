"""Vendors in a mood, and how many of our calls met it."""

from consumer.simulators.temper import Rule
from proof.chaos.scene import Scene


async def moody(scene: Scene, *rules: Rule, fault: str, share: float = 1.0) -> None:
    """For a part of the window; counts the calls that met it."""
    since = len(scene.calls())
    scene.tempers(*rules)
    await scene.sleep(share)
    scene.tempers()
    scene.fire(fault, met(scene, since))


def met(scene: Scene, since: int, *, tenant: str | None = None) -> int:
    """Of the row's calls from the one given on, those that a vendor's mood befell; latency is none. `tenant` as the vendor knows it."""
    calls = [call for call in scene.calls()[since:] if "temper" in call.noted]
    return sum(tenant is None or call.noted.get("tenant") == tenant for call in calls)
