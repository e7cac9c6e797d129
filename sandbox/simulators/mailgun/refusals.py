"""Mailgun's error answers, with the sentences that its API description and its clients show."""

from collections.abc import Mapping


class Refusal(Exception):
    """An answer that is not a success. `body` is an object with a message, but for 401: the bare JSON string `Forbidden`."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})

    @property
    def body(self) -> Mapping[str, str] | str:
        """What the answer holds, as JSON."""
        return self.message if self.status == 401 else {"message": self.message}  # noqa: PLR2004  a status


def forbidden() -> Refusal:
    """No key, an unknown one, or a sending key used for anything but sending from its domain."""
    return Refusal(401, "Forbidden")


def bad_request(message: str) -> Refusal:
    """A request that will always be refused."""
    return Refusal(400, message)


def invalid_address(parameter: str) -> Refusal:
    """`parameter` holds something that is no address."""
    return bad_request(f"{parameter} parameter is not a valid address. please check documentation")


def domain_not_found(domain: str) -> Refusal:
    """The account has no such domain, or has it in the other region."""
    return Refusal(404, f"Domain not found: {domain}")


def not_allowed(domain: str, why: str) -> Refusal:
    """The domain exists and may not send."""
    return bad_request(f"Domain {domain} is not allowed to send: {why}")


def sandbox(domain: str, status: int) -> Refusal:
    """A sandbox domain does not send to people who have not agreed to it (mailgun-php issue 587; field reports with 400 and 403)."""
    why = (
        "Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in "
        "Account Settings."
    )
    return Refusal(status, f"Domain {domain} is not allowed to send: {why}")


def too_large() -> Refusal:
    """More than 25 MB."""
    return Refusal(413, "Request Entity Too Large")


def throttled(domain: str, seconds: int, headers: Mapping[str, str]) -> Refusal:
    """The account's rate is used up."""
    why = f"account-requests-per-sec limit exceeded, try again after {seconds} seconds"
    return Refusal(429, f"Domain {domain} is not allowed to send: {why}", headers=headers)


def not_suppressed() -> Refusal:
    """The address is in no bounce list."""
    return Refusal(404, "Address not found in bounces table")
