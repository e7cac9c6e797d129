"""The real parts that the tests run against, and how they are got and started: nothing but Python is needed on the machine."""
