"""A school year of a whole installation, played in simulated time: how long students wait, and which limit is reached next.

    assumptions ─▶ schools ─▶ arrivals ─┬─▶ course with 1 replica  ─┐
    capacity ───▶ vendors' limits ──────┼─▶ course with 2 replicas ─┼─▶ waits, backlog, use ─▶ report, picture
                                        └─▶ …                      ─┘

It is a model, and nothing is measured here: what a replica, the relay and the database can do are figures of other measurements, and the
vendors' limits are those that the service keeps to.
"""
