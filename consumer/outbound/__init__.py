"""Loop 3: from the outbox to the topics, each outcome visible once."""
