"""Which calls leave through a proxy."""

import pytest

from consumer.errors import Stop
from consumer.http.proxy import DIRECT, Proxies, open_proxies
from consumer.settings import ProxySettings, SecretRef

PROXY = "http://proxy.example:3128"


def secret(_: str) -> str:
    return "pass/word@1"


@pytest.mark.parametrize(
    ("exception", "url"),
    [
        ("graph.example", "https://graph.example/v1.0"),
        ("graph.example", "https://eu.graph.example"),
        (".graph.example", "https://eu.graph.example"),
        ("*.graph.example", "https://eu.graph.example"),
        ("GRAPH.example", "https://graph.EXAMPLE."),
        ("graph.example:8443", "https://graph.example:8443"),
        ("graph.example:443", "https://graph.example"),
        ("10.0.0.0/8", "https://10.1.2.3"),
        ("10.1.2.3", "https://10.1.2.3"),
        ("fd00::/8", "https://[fd00::1]"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443"),
        ("*", "https://anything.example"),
    ],
)
def test_what_no_proxy_names_is_reached_directly(exception: str, url: str) -> None:
    assert Proxies(PROXY, PROXY, (exception,)).of(url) is None


@pytest.mark.parametrize(
    ("exception", "url"),
    [
        ("graph.example", "https://notgraph.example"),
        ("graph.example", "https://graph.example.evil.example"),
        ("graph.example:8443", "https://graph.example"),
        ("10.0.0.0/8", "https://11.0.0.1"),
        ("10.0.0.0/8", "https://ten.example"),
    ],
)
def test_everything_else_goes_through_the_proxy(exception: str, url: str) -> None:
    assert Proxies(PROXY, PROXY, (exception,)).of(url) == PROXY


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8443",
        "https://localhost",
        "http://[::1]:1",
        "http://169.254.169.254/metadata",
        "http://metadata.google.internal",
    ],
)
def test_this_machine_and_what_gives_it_its_credentials_are_always_reached_directly(url: str) -> None:
    assert Proxies(PROXY, PROXY).of(url) is None


@pytest.mark.parametrize("url", ["https://[", "https://graph.example:port/"])
def test_what_is_no_url_is_left_to_the_client_to_refuse(url: str) -> None:
    assert Proxies(PROXY, PROXY).of(url) is None


def test_each_scheme_has_its_own_proxy() -> None:
    proxies = Proxies(https=PROXY)
    assert proxies.of("https://graph.example") == PROXY
    assert proxies.of("http://registry.example:8081") is None


def test_without_settings_the_environment_counts_in_lower_case_first() -> None:
    environ = {
        "HTTPS_PROXY": "http://other.example",
        "https_proxy": "proxy.example:3128/",
        "NO_PROXY": "a.example, b.example,",
    }
    assert open_proxies(None, secret, environ) == Proxies(https=PROXY, direct=("a.example", "b.example"))


def test_the_settings_override_the_environment() -> None:
    settings = ProxySettings(url=PROXY, no_proxy=("a.example",))
    environ = {"HTTPS_PROXY": "http://other.example", "NO_PROXY": "*"}
    assert open_proxies(settings, secret, environ) == Proxies(PROXY, PROXY, ("a.example",))


def test_a_section_without_url_means_no_proxy() -> None:
    assert open_proxies(ProxySettings(), secret, {"HTTPS_PROXY": PROXY}) == DIRECT


def test_the_password_is_opened_and_never_shown() -> None:
    settings = ProxySettings(url=PROXY, username="us er", password=SecretRef("env:PASSWORD"))
    proxies = open_proxies(settings, secret, {})
    assert proxies.of("https://graph.example") == "http://us%20er:pass%2Fword%401@proxy.example:3128"
    assert "pass" not in repr(proxies)


@pytest.mark.parametrize("url", ["https://proxy.example", "socks5://proxy.example", "http://", "http://u:secret@x:y"])
def test_a_proxy_in_the_environment_that_cannot_be_used_stops_the_process_without_its_credentials(url: str) -> None:
    with pytest.raises(Stop, match="HTTPS_PROXY") as stop:
        open_proxies(None, secret, {"HTTPS_PROXY": url})
    assert "secret" not in str(stop.value)


@pytest.mark.parametrize(
    "url", ["https://proxy.example", "proxy.example:3128", "http://u:p@proxy.example", "http://x/y"]
)
def test_a_proxy_in_the_settings_is_a_plain_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"proxy's address|must hold no user name"):
        ProxySettings(url=url)


def test_a_user_name_comes_with_a_password() -> None:
    with pytest.raises(ValueError, match="`username` and `password`"):
        ProxySettings(url=PROXY, username="user")
