"""Database: two releases beside each other, before, during and after the migration from one to the other."""

from collections.abc import Sequence

import psycopg

from consumer.events import ProviderAction
from consumer.tenants import Deletion, GoogleSection, Suspension, Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.departures import Leavers, enrol, gone, leave, leavers
from proof.chaos.rows.directories import BOTH
from sandbox.simulators.world import World
from testbed.release import REVISION
from testbed.replica import Replica


def _as_before(world: World, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """Configured with what the older release knows: new features are used once all replicas have them."""
    del world
    known = {None, ProviderAction.CREATE_ACCOUNT}
    return [
        tenant.model_copy(
            update={
                "statuses": tuple(row for row in tenant.statuses if row.provider_action in known),
                "suspension": Suspension(),
                "deletion": Deletion(),
                "google": tenant.google and tenant.google.model_copy(update=_WITHOUT_LICENCES),
            }
        )
        for tenant in tenants
    ]


_WITHOUT_LICENCES = {"licensing_url": GoogleSection.model_fields["licensing_url"].default}


@BOOK.row(
    62,
    "migration during traffic, and a rolling upgrade",
    expected="both versions run; then accounts of the older one are suspended, deleted and released",
    upgraded=True,
    arrange=_as_before,
)
async def upgrade(experiment: Experiment) -> None:
    installation = experiment.installation
    experiment.expect(await _revision(experiment) == REVISION, "the ledger is not the older release's")
    await experiment.settled(0.1)
    those = [leavers(experiment, tenant_id, 3) for tenant_id, _ in BOTH]
    await enrol(experiment, *those)
    await installation.service.command("db", "upgrade")
    experiment.fire("migration")
    experiment.expect(await _revision(experiment) != REVISION, "nothing was migrated")
    await experiment.sleep(0.25)
    first, *others = installation.replicas
    await _runs_this(experiment, first)
    await experiment.sleep(0.25)
    installation.run_before(first)
    await first.restart()
    experiment.fire("return to the older release")
    for replica in (*others, first):
        await experiment.sleep(0.1)
        await _runs_this(experiment, replica)
    experiment.expect(experiment.exits() == 0, "a replica ended")
    await _with_departures(experiment, those)


async def _with_departures(experiment: Experiment, those: Sequence[Leavers]) -> None:
    """All replicas are new: what the older release does not know is configured, and its accounts are suspended, deleted and released."""
    experiment.installation.put_in_what_is_new()
    await experiment.installation.configure(experiment.installation.ordinary)
    await experiment.installation.all_ready()
    await leave(experiment, *those)
    await gone(experiment, *those)


async def _runs_this(experiment: Experiment, replica: Replica) -> None:
    experiment.installation.run_this(replica)
    await replica.restart()
    await experiment.until("the newer release is ready", replica.ready, seconds=60)
    experiment.fire("upgrade of a replica")


async def _revision(experiment: Experiment) -> str:
    async with await psycopg.AsyncConnection.connect(experiment.installation.database.straight) as connection:
        found = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    return "" if found is None else str(found[0])
