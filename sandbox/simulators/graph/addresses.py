"""Which user of a directory has which sign-in name and which mail addresses; decided at once, over all replicas."""

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.user import User


class Addresses:
    """Of users that are not deleted. Letters count whatever their case."""

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self._mailed: dict[str, str] = {}

    def holder(self, name: str) -> str | None:
        """The id of the user with this sign-in name."""
        return self._named.get(name.lower())

    def check(self, name: str, mail: Collection[str] = (), *, but_for: str | None = None) -> None:
        """Raises `Refusal` where another user than `but_for` has the sign-in name or one of the mail addresses."""
        mine = {None, but_for}
        if self._named.get(name.lower()) not in mine:
            raise refusals.conflict("userPrincipalName")
        taken = (self._mailed.get(address) for address in {name.lower(), *mail})
        named = (self._named.get(address) for address in mail)
        if {*taken, *named} - mine:
            raise refusals.conflict("proxyAddresses")

    def take(self, user: User) -> None:
        """The user has its names now."""
        self._named[user.upn.lower()] = user.id
        self._mailed.update(dict.fromkeys(user.mail_addresses, user.id))

    def release(self, user: User) -> None:
        """They are free at once."""
        self._named.pop(user.upn.lower(), None)
        for address in user.mail_addresses:
            self._mailed.pop(address, None)


def mail_after_rename(user: User, name: str) -> Mapping[str, Any]:
    """The mail properties of a user who gets a new sign-in name: it is the address to send from, and the old ones stay as further ones."""
    others = dict.fromkeys((user.upn.lower(), *user.mail_addresses))
    others.pop(name.lower(), None)
    return {"mail": name, "proxyAddresses": [f"SMTP:{name}", *(f"smtp:{address}" for address in others)]}
