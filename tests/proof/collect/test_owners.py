"""Whose directory a call reached."""

from proof.collect.owners import Owners


def sharing() -> Owners:
    owners = Owners()
    for tenant in ("isles", "annex"):
        owners.put_reached("directory", tenant)
    owners.put_reached("own", "north")
    return owners


def test_of_those_who_share_a_directory_it_is_the_one_whose_credential_was_borne() -> None:
    assert sharing().reached("directory", "annex") == "annex"
    assert sharing().reached("directory", "isles") == "isles"


def test_a_stranger_s_credential_tells_nothing_of_a_shared_directory() -> None:
    assert sharing().reached("directory", "north") is None
    assert sharing().reached("directory", None) is None


def test_a_directory_of_its_own_is_its_tenant_s_whatever_credential_was_borne() -> None:
    assert sharing().reached("own", "annex") == "north"
    assert sharing().reached("own", None) == "north"
