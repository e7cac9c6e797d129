"""The proof that the guarantees hold: a checker, a simulation of everything under one seed, and chaos on real parts.

    simulation ─┐
                ├─▶ history ─▶ checker ─▶ report: violations of I1–I23, each with its evidence
    chaos ──────┘

It stands outside the service, which does not know it.
"""
