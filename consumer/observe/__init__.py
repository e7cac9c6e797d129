"""How the service is seen: the catalogue of metrics, logs, health. Used by all, uses none of them."""
