"""Calls at the vendors' own pace: token buckets that all replicas share.

a step's turn ──▶ Quota ──▶ Bucket, one for each limit ──▶ Quotas (the ledger): a portion for this process
     │              │
     │              └── PacedHttp: every request is charged, and every refusal for the rate is noticed
     └── waits before the intent, so that a crash meanwhile leaves nothing uncertain
"""
