"""Avro bytes and events: the wire format, the registry's client, the reader of what comes in, the writer of what goes out."""
