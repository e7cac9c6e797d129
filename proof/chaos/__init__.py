"""Chaos: the service in three replicas on real parts, with faults from `/docs/reliability.md`'s table, row by row.

row ─▶ scene: load, faults, what the row itself expects ─▶ history ─▶ checker ─▶ table, report
         └── installation: replicas ─▶ proxies ─▶ Kafka, PostgreSQL, vendors, registry
"""
