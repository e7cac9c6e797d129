"""Every directory, and who may ask what of it."""

import random
from collections.abc import Callable
from typing import Any

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.managed_identity import AzureResource
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.quota import Quota
from sandbox.simulators.graph.tokens import Grant, TokenIssuer


class GraphApi:
    """Directories by Entra tenant id. Unix seconds come from `clock`; ids and lags from `rng`."""

    def __init__(self, *, clock: Callable[[], float], rng: random.Random, quirks: GraphQuirks | None = None) -> None:
        self.quirks = quirks or GraphQuirks()
        self.directories: dict[str, Directory] = {}
        self.tokens = TokenIssuer(
            clock=clock, lifetime=self.quirks.token_lifetime, unknown_application=self.quirks.unknown_application
        )
        self.quota = Quota(self.quirks, clock=clock)
        self.machine = AzureResource(self.tokens, clock=clock)
        self._clock = clock
        self._rng = rng

    def add_directory(self, tenant_id: str, *domains: str) -> Directory:
        """A directory with its verified domains."""
        directory = Directory(domains, clock=self._clock, rng=self._rng, quirks=self.quirks)
        self.directories[tenant_id] = directory
        return directory

    def directory_of(self, name: str) -> str | None:
        """The id of the directory with this id, or that has verified this domain."""
        owners = (ident for ident, directory in self.directories.items() if name.lower() in directory.domains)
        return name if name in self.directories else next(owners, None)

    def authorise(self, authorization: str | None) -> Grant:
        """What the token stands for. Raises `Refusal` (401)."""
        grant = self.tokens.grant(authorization)
        if grant is None or grant.tenant_id not in self.directories:
            raise refusals.unauthenticated((authorization or "").removeprefix("Bearer").strip())
        return grant

    def to_json(self) -> list[dict[str, Any]]:
        """Every user of every directory, for other processes."""
        return [
            {
                "tenant": tenant_id,
                "id": user.id,
                "address": user.upn,
                "marker": user.marker,
                "enabled": user.enabled,
                "signed_in": user.signed_in,
                "licences": sorted(user.skus),
                "groups": sorted(group for group, members in directory.groups.items() if user.id in members),
                "units": directory.units.of(user),
                "deleted": user.deleted_at is not None,
            }
            for tenant_id, directory in self.directories.items()
            for user in directory.users.values()
        ]
