"""Run benchmarks: `python -m benchmarks [--strict] [--entries N,N] [--seconds N] [module ...]`.

Writes `benchmarks/results/latest.json` when all modules were run.
"""

import argparse
import asyncio
import importlib
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import Bench, Row, machine
from marketplace.kit.logs import configure_logs

MODULES: Final = ("ranking", "files", "uploads", "boards", "webhooks", "isolation")
LATEST: Final = Path(__file__).parent / "results" / "latest.json"
SECONDS_PER_MODULE: Final = 145
"""After this a module is given up and named; six of them stay below fifteen minutes."""


async def run(bench: Bench, names: list[str], seconds_max: int) -> tuple[list[Row], list[str]]:
    """Run modules one after the other; a module that takes too long is named, not waited for."""
    found: list[Row] = []
    late = []
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        try:
            async with asyncio.timeout(seconds_max):
                found += await module.rows(bench)
        except TimeoutError:
            late.append(name)
    return found, late


def table(rows: list[Row]) -> str:
    """Write rows as a table for people."""
    lines = [
        f"{'benchmark':34} {'database':9} {'ratio':>8} {'goal':>7} {'ours':>12} {'floor':>12}"
        f" {'unit':10} {'spread':>6}"
    ]
    for row in rows:
        goal = ("<=" if row.better == "lower" else ">=") + f"{row.goal:g}"
        lines.append(
            f"{row.name:34} {row.database:9} {row.ratio:8.3f} {goal:>7} {row.ours:12.5g}"
            f" {row.floor:12.5g} {row.unit:10} {row.spread:6.2f} {'pass' if row.passed else 'FAIL'}"
        )
    return "\n".join(lines)


def main() -> int:
    """Run what is asked for; only `--strict` makes a missed goal a failure."""
    asked = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    asked.add_argument("modules", nargs="*", help=f"of {', '.join(MODULES)}; none: all")
    asked.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    asked.add_argument("--entries", default="1000,100000", help="sizes of boards, smallest first")
    asked.add_argument(
        "--seconds",
        type=int,
        default=SECONDS_PER_MODULE,
        help="how long a module may take; filling a board of a million takes minutes",
    )
    options = asked.parse_args()
    unknown = set(options.modules) - set(MODULES)
    if unknown:
        asked.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    configure_logs(json_lines=False)
    begun, found_here = time.monotonic(), machine()
    sizes = tuple(int(one) for one in options.entries.split(","))
    bench = Bench(entries=sizes)
    try:
        rows, late = asyncio.run(run(bench, options.modules or list(MODULES), options.seconds))
    finally:
        bench.close()
    taken = round(time.monotonic() - begun)
    print(table(rows))
    print(f"{taken} seconds; load before {found_here['load']}, after {machine()['load']}")
    if late:
        print(f"took more than {options.seconds} seconds and was given up: {', '.join(late)}")
    if not options.modules and not late:
        facts = found_here | {"load_after": machine()["load"], "board_entries": sizes}
        document = {"machine": facts, "seconds": taken, "rows": rows}
        LATEST.parent.mkdir(exist_ok=True)
        LATEST.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    missed = late or [row.name for row in rows if not row.passed]
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
