"""The commands `demo` and `simulate`, which join `provisioner` where this package is installed."""
