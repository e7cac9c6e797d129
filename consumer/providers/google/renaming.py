"""How a user gets another primary address, also one that is an alias of its own."""

from consumer.errors import AddressTaken, NotYet, Reason
from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.google import directory_requests
from consumer.providers.google.answers import of_renaming

_RENAMING = of_renaming("The administrator's role does not include renaming users, or this one.")
_REMOVING_ALIAS = of_renaming(
    "The administrator's role does not include removing aliases, or this one's.", tells_nothing=True
)


async def rename(api: Api, object_id: str, address: str, deadline: Deadline) -> None:
    """`users.patch` with `primaryEmail`: the former address becomes an alias by itself (Google's help, "Change a user's email address").

    A 409 may come although the write was applied (issue 949 of Google's client for Python), or because the address is an alias of the
    user's own: the API's reference excludes only those of others, but Google's help says to remove the alias first ("Switch existing email
    alias to primary email address"). So the holder of the address is read then. Raises `AddressTaken` where it is another one or not
    shown, as a group is not; `NotYet` where an alias that was removed is not free at once: the user gets no mail by it meanwhile.
    """
    try:
        await _patch(api, object_id, address, deadline)
    except AddressTaken as fault:
        url = directory_requests.holder_of(api.base_url, address)
        holder = await api.call("read", "GET", url, deadline=deadline, missing_is_none=True)
        if holder is None or holder.get("id") != object_id:
            raise
        if directory_requests.is_alias_of(holder, address):
            await _rename_to_alias(api, object_id, address, deadline)
        elif str(holder.get("primaryEmail", "")).lower() != address.lower():
            raise _not_yet("Google does not show the new address yet.", fault) from fault


async def _rename_to_alias(api: Api, object_id: str, alias: str, deadline: Deadline) -> None:
    url = directory_requests.alias(api.base_url, object_id, alias)
    await api.call("remove_alias", "DELETE", url, deadline=deadline, missing_is_none=True, classify=_REMOVING_ALIAS)
    try:
        await _patch(api, object_id, alias, deadline)
    except AddressTaken as fault:
        raise _not_yet("The user's own alias is not free to become its address yet.", fault) from fault


async def _patch(api: Api, object_id: str, address: str, deadline: Deadline) -> None:
    url, body = directory_requests.user(api.base_url, object_id), directory_requests.rename_body(address)
    await api.call("rename", "PATCH", url, body=body, deadline=deadline, classify=_RENAMING)


def _not_yet(message: str, fault: AddressTaken) -> NotYet:
    return NotYet(message, reason=Reason.CHANGE_NOT_VISIBLE, code=fault.code)
