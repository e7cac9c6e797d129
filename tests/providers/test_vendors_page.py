"""`docs/vendors.md` asks schools for what the service and its checks use, and for nothing else."""

import re
from pathlib import Path

from consumer.preflight.judgement.google import DOMAIN_SCOPE
from consumer.preflight.judgement.microsoft import ONLY_FOR_CHECKS
from consumer.providers.google.directory_requests import MARKER_TYPE
from consumer.providers.google.scopes import LICENSING
from consumer.providers.google.tokens import ORG_UNIT_SCOPE, SCOPES
from consumer.providers.microsoft.directory import FOR_ADMIN_UNITS, PERMISSIONS

PAGE = (Path(__file__).parents[2] / "docs/vendors.md").read_text()


def test_it_names_graphs_permissions_and_what_each_is_for() -> None:
    named = dict(re.findall(r"\| `([\w-]+\.[\w.]+)` \| (.+) \|", PAGE))
    assert named == {**PERMISSIONS, **FOR_ADMIN_UNITS, **ONLY_FOR_CHECKS}


def test_it_names_googles_scopes() -> None:
    named = set(re.findall(r"`(https://www\.googleapis\.com/auth/[\w.]+)`", PAGE))
    assert named == {*SCOPES, ORG_UNIT_SCOPE, *LICENSING, DOMAIN_SCOPE}


def test_it_names_the_external_id_that_marks_an_account() -> None:
    assert f"custom type `{MARKER_TYPE}`" in PAGE
