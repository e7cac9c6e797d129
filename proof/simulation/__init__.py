"""The service's own core, loops and stores under a simulated clock, a simulated Kafka and simulated vendors, all from one seed.

Nothing here waits, uses a thread, or looks at the real time. One seed gives one run, to the byte.
"""
