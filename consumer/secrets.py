"""Opens references to secrets: `env:NAME` and `file:path`. Nothing here ever shows a secret, only its reference."""

from collections.abc import Callable, Mapping
from pathlib import Path

from consumer.errors import Stop

SecretOpener = Callable[[str], str]
"""Opens one reference. Raises `Stop` where it leads nowhere."""


def opener(environ: Mapping[str, str]) -> SecretOpener:
    """Opens references against this environment and the file system. A file's final line break is not part of the secret."""

    def open_secret(reference: str) -> str:
        kind, _, name = reference.partition(":")
        if kind == "env":
            secret = environ.get(name, "")
            missing = f"The environment variable {name} is not set, or empty."
        else:
            secret, missing = _read(Path(name))
        if not secret:
            raise Stop(f"The secret `{reference}` cannot be opened. {missing}")
        return secret

    return open_secret


def _read(path: Path) -> tuple[str, str]:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n"), "The file is empty."
    except FileNotFoundError:
        return "", "There is no such file."
    except PermissionError:
        return "", "This process may not read the file."
    except (OSError, UnicodeDecodeError):
        return "", "The file cannot be read as text."
