"""What all tests of the intake begin with."""

import pytest

from tests.intake.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
