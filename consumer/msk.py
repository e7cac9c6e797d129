"""Tokens for Amazon MSK with IAM access control, by AWS's own signer, as librdkafka asks for them (SASL/OAUTHBEARER).

The library (confluent-kafka 2.16) calls in a thread of its own, and lets no client be made before there is a token: after ten seconds
without one, the constructor raises. So the callback always has one.
"""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from consumer.errors import Stop
from consumer.settings import MskIam

log = structlog.get_logger()

Sign = Callable[[], tuple[str, float]]
"""A token, and when it ends in Unix seconds. May block for as long as AWS's credentials take."""

_AGAIN = 10.0
"""Seconds between attempts to get a token after a failure."""
_NONE = "no-credentials"


class TokenCallback:
    """librdkafka's `oauth_cb`. Never raises: without credentials it gives the last token while that is good, then one that brokers refuse.

    The clients then do what they do where a password is wrong: they try again until there is a good one.
    """

    def __init__(self, sign: Sign, *, clock: Callable[[], float] = time.time) -> None:
        self._sign = sign
        self._clock = clock
        self._last = "", 0.0

    def __call__(self, _config: str | None) -> tuple[str, float]:
        try:
            self._last = self._sign()
        except Exception as error:  # noqa: BLE001  AWS's client raises whatever its sources of credentials do
            log.warning("kafka_token_unavailable", error=type(error).__name__)
            if self._last[1] < self._clock() + _AGAIN:
                return _NONE, self._clock() + _AGAIN
        return self._last


def signer(settings: MskIam) -> Sign:
    """AWS's own. Raises `Stop` where it is not installed."""
    try:
        provider: Any = import_module("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")
    except ImportError as error:
        raise Stop("`kafka.msk_iam` needs AWS's signer: `pip install 'provisioner[msk]'`.") from error

    def sign() -> tuple[str, float]:
        if settings.role:
            token, expires_ms = provider.generate_auth_token_from_role_arn(
                settings.region, settings.role, "provisioner"
            )
        else:
            token, expires_ms = provider.generate_auth_token(settings.region)
        return token, expires_ms / 1_000

    return sign
