"""How vendors misbehave. A fault is set for routes (`graph.users.create`, `mailgun.*`), for the first so many calls or by chance.

Latency        answers later
Refuse         cuts the connection before anything is done
LoseAnswer     does it, then cuts the connection
DoLate         cuts the connection, and does it some time later
Answer         answers something else: an error, a proxy's page, half of an answer; `done`: after doing it all the same
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator


class _InjectedFault(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_InjectedFault):
    """Between `low` and `high` seconds."""

    kind: Literal["latency"] = "latency"
    low: float = Field(ge=0)
    high: float = Field(ge=0)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Refuse(_InjectedFault):
    """Nothing is done, nothing answered."""

    kind: Literal["refuse"] = "refuse"


class LoseAnswer(_InjectedFault):
    """Done, and the answer never arrives."""

    kind: Literal["lose_answer"] = "lose_answer"


class DoLate(_InjectedFault):
    """The answer never arrives; it is done after `seconds`."""

    kind: Literal["do_late"] = "do_late"
    seconds: float = Field(gt=0)


class Answer(_InjectedFault):
    """Another answer than the vendor's own."""

    kind: Literal["answer"] = "answer"
    status: int = Field(ge=200, le=599)
    body: str = ""
    headers: Mapping[str, str] = Field(default_factory=dict)
    done: bool = False


InjectedFault = Latency | Refuse | LoseAnswer | DoLate | Answer


class FaultRule(_InjectedFault):
    """Where and how often a fault shows. `first`: in so many calls from now on (None: all); `chance` of each of them."""

    route: str
    fault: Annotated[InjectedFault, Field(discriminator="kind")]
    first: int | None = Field(default=None, ge=1)
    chance: float = Field(default=1.0, ge=0, le=1)
    containing: tuple[str, ...] = ()
    """Only requests whose path or body holds all these texts, such as a domain and a student's id."""


_RULES: TypeAdapter[list[FaultRule]] = TypeAdapter(list[FaultRule])


def rules_from_json(text: bytes) -> Sequence[FaultRule]:
    """Rules as a list in JSON. Raises ValueError with what is wrong."""
    return _RULES.validate_json(text)


@dataclass
class _Counted:
    rule: FaultRule
    left: int | None = field(default=None)


class InjectedFaults:
    """The rules in force. Repeatable by `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[_Counted] = []

    def set(self, rules: Sequence[FaultRule]) -> None:
        """These rules, and no others, from now on."""
        self._rules = [_Counted(rule, rule.first) for rule in rules]

    def of(self, route: str, text: str) -> Sequence[InjectedFault]:
        """The faults that show in this call."""
        return [counted.rule.fault for counted in self._rules if self._shows(counted, route, text)]

    def pause(self, latency: Latency) -> float:
        """How long a call takes, in seconds."""
        return self._rng.uniform(latency.low, latency.high)

    def _shows(self, counted: _Counted, route: str, text: str) -> bool:
        rule = counted.rule
        if counted.left == 0 or not fnmatchcase(route, rule.route) or not all(part in text for part in rule.containing):
            return False
        if rule.chance < 1 and self._rng.random() >= rule.chance:
            return False
        if counted.left is not None:
            counted.left -= 1
        return True


def to_json(rules: Sequence[FaultRule]) -> list[dict[str, Any]]:
    """Rules as `rules_from_json` reads them."""
    return _RULES.dump_python(list(rules), mode="json")
