"""Microsoft 365 through Graph v1.0."""
