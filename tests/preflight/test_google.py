"""What a check of Google's side reports is placed at the keys that the configuration has."""

from consumer.errors import Hold, Reason, Scope
from consumer.http.deadline import Deadline
from consumer.preflight import google
from consumer.preflight.asking import Asker
from consumer.providers.tokens import TokenSource
from consumer.tenants import GoogleSection
from testbed.fakes.http import ScriptedHttp
from tests.policy.tenants import tenant

KEYLESS = GoogleSection(impersonate="service@project.iam.gserviceaccount.com", admin_subject="admin@school.example")


def refused() -> tuple[str, float]:
    raise Hold(
        "Google refused to sign.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT, code="PERMISSION_DENIED"
    )


async def test_without_a_key_the_service_account_is_what_is_refused() -> None:
    asker = Asker("google", ScriptedHttp(), Deadline(5))
    school = tenant(microsoft=False, google=True)
    (found,) = await google.look(school, KEYLESS, asker, lambda _: TokenSource(refused), client_id=None)
    assert found.place == ("google", "impersonate")
    assert "PERMISSION_DENIED" in found.wrong
