"""Kafka in a simulation: a cluster in memory, and clients that keep the service's ports and take simulated time.

    Cluster ── network: latencies, outages, requests and answers that get lost
       ├── topics, their partitions' logs         what is there
       ├── groups: members, offsets               ◀── consumer
       └── coordinator: transactions              ◀── producers, progress

Clients block: they are called from functions under `in_thread`. Those of a process that is dead do nothing any more but raise `Killed`.
"""

from proof.simulation.kafka.cluster import Cluster
from proof.simulation.kafka.network import Process, Request

__all__ = ["Cluster", "Process", "Request"]
