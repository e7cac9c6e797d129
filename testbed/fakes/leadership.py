"""An election that keeps `Leadership`, and that every candidate wins: it is not what makes two leaders harmless."""


class AlwaysLeads:
    """`resigned` counts resignations."""

    def __init__(self) -> None:
        self.resigned = 0

    def held(self) -> bool:
        """See the port."""
        return True

    def resign(self) -> None:
        """See the port."""
        self.resigned += 1
