"""The dashboards: what is asked, how it is shown, and what a reader does about it. `monitoring.grafana` writes them for Grafana, and
`monitoring.pictures` draws them."""
