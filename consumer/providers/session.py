"""How the vendors' own token clients speak HTTP: within a time, to the host that is configured, and about JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from consumer.http.proxy import DIRECT, Proxies

_CONNECT = 5.0


class _TokenAdapter(HTTPAdapter):
    def __init__(self, *, silence: float, proxies: Proxies, objects_only: bool) -> None:
        self._silence = silence
        self._proxies = proxies
        self._objects_only = objects_only
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  the shape of `HTTPAdapter.send`
        timeout: Any = None,  # noqa: ANN401  overruled
        verify: bool | str = True,  # noqa: FBT001, FBT002  the shape of `HTTPAdapter.send`
        cert: Any = None,  # noqa: ANN401  the shape of `HTTPAdapter.send`
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Raises `RequestException` for an answer that is a redirect or no JSON object.

        A redirect would carry the secret elsewhere; other answers than JSON objects make the clients fail in ways that they do not
        tell of, and msal logs them as they are.
        """
        del stream, timeout, proxies
        through = self._proxies.for_requests(request.url or "")
        try:
            answer = super().send(request, timeout=(_CONNECT, self._silence), verify=verify, cert=cert, proxies=through)
        except requests.RequestException:
            raise
        except OSError as error:  # what requests raises where the CA file was there at the start, and is not now
            raise requests.exceptions.SSLError("the CA file can't be read") from error
        if answer.is_redirect or (self._objects_only and not _is_object(answer.content)):
            answer.close()
            raise requests.exceptions.InvalidJSONError("the token endpoint's answer is not a JSON object")
        return answer


def session(
    ca_file: Path | None, *, silence: float = 10.0, proxies: Proxies = DIRECT, objects_only: bool = True
) -> requests.Session:
    """A session that trusts the configured certificates, whatever the environment says (REQUESTS_CA_BUNDLE overrides `verify` else).

    It waits 5 seconds for a connection and `silence` seconds for each next byte, whatever the client asks for: msal sets no time at all,
    google-auth two minutes. `objects_only`: an answer that is no JSON object fails; metadata servers give others too.
    """
    own = requests.Session()
    own.trust_env = False
    own.headers["Connection"] = "close"  # the next token is an hour away, and a connection that old is a dead one
    own.verify = str(ca_file) if ca_file else True
    for scheme in ("https://", "http://"):
        own.mount(scheme, _TokenAdapter(silence=silence, proxies=proxies, objects_only=objects_only))
    return own


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
