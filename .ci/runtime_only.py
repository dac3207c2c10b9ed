"""Uninstall from this environment whatever the project needs only while it is built and tested.

requirements.lock pins one resolution for everybody, tools included, so an image installs it whole,
under its hashes, and then runs this with the environment's own Python. What stays is what the
installed project requires without extras, followed to the end.
"""

import importlib.metadata
import subprocess
import sys

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

PROJECT = "jiebang"


def needed() -> set[str]:
    """Follow the requirements of the project, and of each extra that somebody asks for."""
    seen: set[tuple[str, str]] = set()
    todo = [(PROJECT, "")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in importlib.metadata.requires(name) or []:
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                below = canonicalize_name(wanted.name)
                todo += [(below, asked) for asked in ("", *sorted(wanted.extras))]
    return {name for name, _ in seen}


def main() -> None:
    """Uninstall the rest, pip last of all."""
    installed = {canonicalize_name(one.name) for one in importlib.metadata.distributions()}
    rest = sorted(installed - needed() - {"pip"})
    uninstall = [sys.executable, "-m", "pip", "uninstall", "--yes", *rest, "pip"]
    subprocess.run(uninstall, check=True)  # noqa: S603  # the names come from this environment


if __name__ == "__main__":
    main()
