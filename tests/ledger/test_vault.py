"""Sealed passwords: open for what they were sealed for, with a key that is known, and for nothing else."""

import pytest

from consumer.errors import Hold, Reason, Stop
from consumer.events import Provider
from consumer.ledger.vault import Context, Vault

OLD, NEW = ("old", bytes(32)), ("new", bytes(range(32)))
CONTEXT = Context("north", "s1", Provider.MICROSOFT, 0)
SECRET = "Kd7mWq-3x9Rtb-Hn4cZp"


def test_a_secret_opens_for_what_it_was_sealed_for() -> None:
    vault = Vault([OLD])
    assert vault.open(vault.seal(SECRET, CONTEXT), CONTEXT) == SECRET


def test_the_secret_is_not_in_what_is_stored() -> None:
    assert SECRET.encode() not in Vault([OLD]).seal(SECRET, CONTEXT)


def test_the_same_secret_is_never_sealed_alike() -> None:
    vault = Vault([OLD])
    assert vault.seal(SECRET, CONTEXT) != vault.seal(SECRET, CONTEXT)


@pytest.mark.parametrize(
    "other",
    [
        Context("south", "s1", Provider.MICROSOFT, 0),
        Context("north", "s2", Provider.MICROSOFT, 0),
        Context("north", "s1", Provider.GOOGLE, 0),
        Context("north", "s1", Provider.MICROSOFT, 1),
        Context("norths", "1", Provider.MICROSOFT, 0),
    ],
)
def test_it_opens_for_no_one_else(other: Context) -> None:
    vault = Vault([OLD])
    with pytest.raises(Hold):
        vault.open(vault.seal(SECRET, CONTEXT), other)


def test_an_older_key_still_opens_and_the_first_seals() -> None:
    sealed = Vault([OLD]).seal(SECRET, CONTEXT)
    both = Vault([NEW, OLD])
    assert both.open(sealed, CONTEXT) == SECRET
    assert Vault([NEW]).open(both.seal(SECRET, CONTEXT), CONTEXT) == SECRET


def test_a_rewrapped_secret_needs_the_new_key_alone() -> None:
    rewrapped = Vault([NEW, OLD]).rewrap(Vault([OLD]).seal(SECRET, CONTEXT), CONTEXT)
    assert Vault([NEW]).open(rewrapped, CONTEXT) == SECRET


def test_a_missing_key_is_named_and_the_secret_is_not() -> None:
    with pytest.raises(Hold, match="`old`") as refused:
        Vault([NEW]).open(Vault([OLD]).seal(SECRET, CONTEXT), CONTEXT)
    assert refused.value.reason is Reason.CREDENTIAL_UNREADABLE
    assert SECRET not in str(refused.value)


def test_a_key_of_the_same_name_and_other_bytes_does_not_open() -> None:
    with pytest.raises(Hold, match="`old`: the key is another"):
        Vault([("old", bytes(range(32)))]).open(Vault([OLD]).seal(SECRET, CONTEXT), CONTEXT)


@pytest.mark.parametrize("at", [0, 1, 3, 20, 70, -1])
def test_damage_anywhere_is_noticed(at: int) -> None:
    vault = Vault([OLD])
    sealed = bytearray(vault.seal(SECRET, CONTEXT))
    sealed[at] ^= 1
    with pytest.raises(Hold):
        vault.open(bytes(sealed), CONTEXT)


@pytest.mark.parametrize("torn", [b"", b"\x01", b"\x01\x03old", b"nonsense"])
def test_what_is_no_sealed_secret_is_refused(torn: bytes) -> None:
    with pytest.raises(Hold):
        Vault([OLD]).open(torn, CONTEXT)


def test_a_key_of_the_wrong_length_stops_the_service() -> None:
    with pytest.raises(Stop, match="31 bytes"):
        Vault([("short", bytes(31))])
