"""Real parts without a server room, for the demo and the tests: PostgreSQL from a wheel, librdkafka's own mock cluster as Kafka.

The service never imports this package; it is given addresses and does not know who listens there.
"""
