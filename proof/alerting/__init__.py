"""The alerts beside a real service: a fault is brought about, and Alertmanager sends the alert that is meant for it and no other."""
