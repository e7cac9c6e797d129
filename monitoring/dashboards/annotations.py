"""What every dashboard marks: new versions, and what the guard does."""

from collections.abc import Sequence

from consumer.observe.catalogue import BUILD_INFO, OVERVIEW_AT, PARKED_ACTIONS
from monitoring.dashboards.dashboard import Annotation
from monitoring.dashboards.panel import Query
from monitoring.dashboards.query import over, series

_WINDOW = "5m"
"""So long a mark lasts. More than the distance of two points, also where a month is shown."""
_MEASURED = f"and on () max({series(OVERVIEW_AT)})"
"""A missing series means that nothing is parked only while it is measured."""


def annotations(where: str = "") -> Sequence[Annotation]:
    """`where` are label matchers for what belongs to a tenant."""
    now = over("sum", ("tenant", "action"), series(PARKED_ACTIONS, where))
    before = over("sum", ("tenant", "action"), f"{series(PARKED_ACTIONS, where)} offset {_WINDOW}")
    version = over("count", ("version",), series(BUILD_INFO))
    earlier = over("count", ("version",), f"{series(BUILD_INFO)} offset {_WINDOW}")
    return (
        Annotation("Deployments", Query(f"{version} unless {earlier}", "version {{version}}"), "blue"),
        Annotation("The guard parks", Query(f"{now} > 0 unless {before} > 0", "{{tenant}}: {{action}}"), "orange"),
        Annotation(
            "A person decided", Query(f"{before} > 0 unless {now} > 0 {_MEASURED}", "{{tenant}}: {{action}}"), "purple"
        ),
    )
