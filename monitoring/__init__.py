"""What watches the service: alerts and objectives as code. `python -m monitoring` writes the files in `deploy/` from it."""
