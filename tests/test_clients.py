"""What the loops share."""

from pathlib import Path

from consumer.clients import LiveClients
from consumer.configuration.loading import load_settings
from consumer.secrets import opener
from sandbox.simulators.tls import Authority
from tests.configuration.files import SECRETS, Files


def _not_observed(_service: str, _operation: str, _outcome: str, _seconds: float) -> None:
    """Nothing is called here."""


async def test_certificates_that_were_replaced_count_for_new_calls(tmp_path: Path) -> None:
    ca_file = Authority(tmp_path).ca_file
    settings = load_settings(Files(tmp_path).service, {})
    async with LiveClients(settings, opener(SECRETS), name="test", observe=_not_observed) as clients:
        before = clients.http(ca_file)
        assert clients.http(ca_file) is before
        ca_file.write_text(f"# the same authority\n{ca_file.read_text()}")
        assert clients.http(ca_file) is not before
        assert clients.http(None) is clients.http(None)
