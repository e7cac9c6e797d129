"""For trying the service: simulated vendors, an embedded Kafka and PostgreSQL, and a demonstration on them."""
