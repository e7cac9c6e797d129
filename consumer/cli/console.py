"""Where the commands print, and the options that they share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console()
err = Console(stderr=True)

ServiceFile = Annotated[
    Path, typer.Option("--config", "-c", help="The service's file.", envvar="PROVISIONER_CONFIG", show_default=True)
]
DEFAULT_SERVICE_FILE = Path("config/service.yaml")
