"""What a user would pick instead, on the same work: each a short program that prints one line of JSON (`bench.reading.Reading`).

They run with `requirements.lock` in an environment of their own (`bench.contestants`), and so know nothing of `consumer`. Their
parameters are environment variables: KAFKA_BOOTSTRAP_SERVERS, TOPIC, COUNT; for those that call, also STUB (a URL) and IN_FLIGHT.
"""
