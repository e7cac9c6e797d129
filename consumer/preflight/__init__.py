"""`provisioner config check --connect`: what contacting every dependency and vendor shows, before a student is affected.

    reading (one module a dependency)  ──▶  judgement (pure: what was read ──▶ findings)  ──▶  report (file, line, key)

Reading changes nothing anywhere. A dependency that cannot be asked is a finding of its own, and ends nothing else.
"""
