"""Loop 2: workers lease students whose newest event is not settled, and take the steps that are missing.

pool ──claims──▶ student ──for each provider, side by side──▶ address ▶ create ▶ grants ▶ announce ▶ welcome
                    │                                              every call through `effects`: intent, call, result
                    ▼
             settled, or due again later
"""
