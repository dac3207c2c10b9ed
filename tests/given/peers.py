"""Programs of another language that tests talk to; `make peers` installs what they need."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "peers"
WEBHOOKS = FOLDER / "webhooks"


def needs(peer: Path) -> pytest.MarkDecorator:
    """Mark tests that cannot run where Node, or what the peer needs of it, is not installed."""
    missing = shutil.which("node") is None or not (peer / "node_modules").is_dir()
    return pytest.mark.skipif(missing, reason="needs Node and `make peers`")


def answer(peer: Path, program: str, *arguments: object, told: str) -> Any:
    """What a program of a peer says, as JSON, when it is told this on standard input."""
    command = ["node", str(peer / program), *map(str, arguments)]
    done = subprocess.run(command, input=told.encode(), capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)
