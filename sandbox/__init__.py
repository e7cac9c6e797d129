"""What the service is tried out with: simulated vendors, a Kafka and a PostgreSQL of one's own, and a demonstration on them."""
