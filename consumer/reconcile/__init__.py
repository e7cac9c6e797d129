"""Reconciliation: a tenant's directory compared with the ledger.

    listing ─▶ every account, page by page, into the ledger ─▶ comparing ─▶ findings ─▶ report
                (resumable: `reconciliation` says how far)       │              └─ with `repair`: accounts to be looked at again
                                                                 └─ what differs is read again before it is a finding

Nothing is written at the vendor here, ever: provisioning does the work.
"""
