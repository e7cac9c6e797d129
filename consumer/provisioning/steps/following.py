"""What of an account follows the newest event, and what people have changed since we wrote it.

shown is wanted ─────────────────▶ nothing to do
shown is what we wrote last ─────▶ write it
anything else, while an attempt of ours may still be carried out ──▶ write it: it may be that attempt's
… while replicas may be behind of our last attempt ────────────────▶ later
… at any other time ─────────────▶ people have changed it: it stays
"""

from collections.abc import Mapping
from typing import TypeVar

from consumer.errors import Reason, RetryLater
from consumer.events import StepName
from consumer.provisioning.case import Case

PartT = TypeVar("PartT")
ValueT = TypeVar("ValueT")


def to_write(
    case: Case,
    name: StepName,
    *,
    wanted: Mapping[PartT, ValueT],
    written: Mapping[PartT, ValueT],
    shown: Mapping[PartT, ValueT],
) -> Mapping[PartT, ValueT]:
    """Those parts of `wanted` that are missing and ours to write; `written` is what we wrote last, `shown` what the provider shows.

    Raises `RetryLater` (CHANGE_NOT_VISIBLE) where what is shown may be out of date.
    """
    done, lost, behind = case.done(name), case.was_lost(name), case.may_lag(name)
    missing: dict[PartT, ValueT] = {}
    for part, value in wanted.items():
        ours = written[part] == value
        if shown[part] == value and (ours or not (lost or behind)):
            continue
        if behind and done and ours:
            raise _not_visible()
        if lost or shown[part] in {value, written[part]}:
            missing[part] = value
        elif behind and (ours or not done):
            raise _not_visible()
    return missing


def _not_visible() -> RetryLater:
    return RetryLater("The provider does not show the newest change yet.", reason=Reason.CHANGE_NOT_VISIBLE)
