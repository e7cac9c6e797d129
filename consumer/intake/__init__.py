"""Loop 1: from the topic to the inbox. One thread owns the consumer; it waits for Kafka and PostgreSQL, never for a vendor.

consume ─▶ read and decide (`batch`) ─▶ accept in one transaction ─▶ dead letters acknowledged ─▶ offsets
"""
