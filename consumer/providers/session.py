"""How the vendors' own token clients speak HTTP."""

from pathlib import Path

import requests


def session(ca_file: Path | None) -> requests.Session:
    """A session that trusts what we are told to, whatever the environment says (REQUESTS_CA_BUNDLE overrides `verify` else)."""
    own = requests.Session()
    own.trust_env = False
    own.verify = str(ca_file) if ca_file else True
    return own
