"""The release before this one, from the repository's history: what an upgrade has beside it.

`python -m testbed.release …` runs its command in this process, with the same dependencies.
"""

import os
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

_COMMIT = "4270b7dab1eb7f87e7d6cd7337e7be3637f1c930"
"""The last one whose ledger has no history of attempts: revision 0004. To be moved on with each release."""
REVISION = "0004"
"""Of its ledger."""

_FOLDER = "TESTBED_RELEASE"
_ROOT = Path(__file__).parents[1]


class NotInHistoryError(Exception):
    """This checkout lacks the release: it is a shallow clone, or no clone at all."""


def unpack(folder: Path) -> dict[str, str]:
    """Puts the release's package into the folder; returns the environment by which this module runs it. Blocking."""
    archive = folder / "release.tar"
    command = ["git", "-C", str(_ROOT), "archive", f"--output={archive}", _COMMIT, "consumer", "schemas"]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own words
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotInHistoryError("The release before this one is not in this checkout's history.") from error
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return {_FOLDER: str(folder)}


if __name__ == "__main__":
    sys.path.insert(0, os.environ[_FOLDER])
    runpy.run_module("consumer.cli", run_name="__main__", alter_sys=True)
