"""What the configuration means, looked at part by part: each module takes what was read of a file and yields the mistakes in it.

Nothing connects. Whatever `provisioner run` constructs from the configuration is constructed here with the same functions.
"""
