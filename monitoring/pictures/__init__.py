"""Pictures of the dashboards, drawn from their own queries without Grafana, and the SVG that all pictures of the project are made of."""
