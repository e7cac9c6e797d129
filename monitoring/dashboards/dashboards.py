"""The dashboards, in the order in which a reader opens them."""

from monitoring.dashboards.kafka_ledger import KAFKA_LEDGER
from monitoring.dashboards.service import SERVICE
from monitoring.dashboards.tenant import TENANT
from monitoring.dashboards.vendors import VENDORS

DASHBOARDS = (SERVICE, TENANT, VENDORS, KAFKA_LEDGER)
