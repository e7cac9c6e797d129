"""Reconciliation and adoption."""
