"""Observability: metrics, logs, health. All packages may import it; it imports none of them."""
