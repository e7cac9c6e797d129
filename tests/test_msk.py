"""Tokens for Amazon MSK: what librdkafka is given when AWS has credentials, and when it has none."""

import base64
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from consumer.msk import TokenCallback, signer
from consumer.settings import KafkaSettings, MskIam


class Aws:
    """Gives `token-1`, `token-2`, … for 900 seconds; or has no credentials."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.away = False
        self._given = 0

    def sign(self) -> tuple[str, float]:
        if self.away:
            raise RuntimeError("no credentials: AKIASECRET")
        self._given += 1
        return f"token-{self._given}", self.now + 900


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def callback(aws: Aws) -> TokenCallback:
    return TokenCallback(aws.sign, clock=lambda: aws.now)


def test_each_call_gives_a_new_token_with_its_end(callback: TokenCallback) -> None:
    assert [callback(None), callback(None)] == [("token-1", 1_900.0), ("token-2", 1_900.0)]


def test_without_credentials_the_last_token_serves_while_it_is_good(aws: Aws, callback: TokenCallback) -> None:
    callback(None)
    aws.away, aws.now = True, 1_800.0
    assert callback(None) == ("token-1", 1_900.0)
    aws.now = 1_895.0
    assert callback(None)[0] != "token-1"


def test_without_any_token_one_is_asked_for_again_soon_and_the_log_says_so(aws: Aws, callback: TokenCallback) -> None:
    aws.away = True
    with capture_logs() as logs:
        assert callback(None) == ("no-credentials", 1_010.0)
    assert [(line["event"], line["error"]) for line in logs] == [("kafka_token_unavailable", "RuntimeError")]
    assert "AKIA" not in str(logs)
    aws.away = False
    assert callback(None)[0] == "token-1"


_SIGNS = """
from consumer.msk import signer
from consumer.settings import MskIam
print(*signer(MskIam(region="eu-central-1"))())
"""


def test_aws_s_signer_signs_for_the_region_by_the_credentials_of_the_environment() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-c", _SIGNS]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)  # noqa: S603  our own
    token, expires = done.stdout.split()
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    assert url.hostname == "kafka.eu-central-1.amazonaws.com"
    assert parse_qs(url.query)["X-Amz-Credential"][0].startswith("AKIAEXAMPLE/")
    assert float(expires) == pytest.approx(time.time() + 900, abs=60)


def test_the_signer_is_there() -> None:
    assert callable(signer(MskIam(region="eu-central-1")))


@pytest.mark.parametrize("region", ["Frankfurt", "eu-central", "eu-central-1a"])
def test_a_region_is_one_of_aws_s(region: str) -> None:
    with pytest.raises(ValueError, match="region"):
        MskIam(region=region)


@pytest.mark.parametrize(
    "more",
    [
        {"librdkafka": {"sasl.mechanisms": "PLAIN"}},
        {"librdkafka": {"security.protocol": "SSL"}},
        {"secrets": {"sasl.password": "env:P"}},
    ],
)
def test_it_goes_with_no_other_way_to_show_who_we_are(more: dict[str, object]) -> None:
    settings = {"bootstrap_servers": "b:9098", "msk_iam": {"region": "eu-central-1"}, **more}
    with pytest.raises(ValueError, match="`msk_iam` sets them all"):
        KafkaSettings.model_validate(settings)
