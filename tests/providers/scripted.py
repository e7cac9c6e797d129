"""An API whose vendor answers by a script, and whose tokens are always good."""

from consumer.http.client import Http
from consumer.providers.api import Api, Classify
from consumer.providers.tokens import Fetch, TokenSource


def scripted_api(http: Http, classify: Classify, *, base_url: str = "https://vendor.example") -> Api:
    return Api("vendor", base_url, http=http, tokens=TokenSource(_token, run=_at_once), classify=classify)


def _token() -> tuple[str, float]:
    return "token", 3_600


async def _at_once(fetch: Fetch) -> tuple[str, float]:
    return fetch()
