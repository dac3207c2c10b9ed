"""Metrics of third parties: installed packages, loaded by name, held to what they promise."""

import subprocess
import sys
from pathlib import Path

import pytest

METRIC = """
from decimal import Decimal
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import Metric

def compute(sample, parameter):
    {body}

METRIC = Metric(
    name="{name}", title="Night share", title_zh="夜间占比", formula="{formula}",
    formula_zh="夜间行数 / 总行数", source="the district", direction=Direction.HIGHER,
    minimum=0, maximum=1, compute=compute,
)
"""
FINE = 'return Decimal(sum(row.predicted == "night" for row in sample.rows())) / sample.size'
SPY = (
    "import os, socket, pathlib\n"
    "    def tried(deed):\n"
    "        try: deed()\n"
    "        except OSError: return 0\n"
    "        return 1\n"
    "    leaks = [any('SECRET' in one for one in os.environ),\n"
    "        tried(lambda: open('/proc/self/environ')), tried(lambda: open('/etc/passwd')),\n"
    "        tried(socket.socket), tried(os.fork), tried(lambda: os.listdir('/proc/self/fd'))]\n"
    "    return Decimal(sum(map(int, leaks))) / 10"
)
MEASURE = """
import asyncio, pathlib, sys
from marketplace.kit.storage import LocalStorage
from marketplace.scoring.actions import measuring
from marketplace.settings import Settings

async def main():
    storage = LocalStorage(pathlib.Path(sys.argv[1]))
    truth = await storage.store_bytes(b"id,label\\na,day\\nb,night\\n")
    sent = await storage.store_bytes(b"id,prediction\\na,night\\nb,night\\n")
    job = measuring.MeasureJob(metric="night_share", truth_file=truth.name,
        truth_sha256=truth.sha256, sent_file=sent.name)
    scorer = measuring.scorer_of(Settings())
    try:
        print((await measuring.measure(scorer, storage, job)).private)
    except Exception as refused:
        print(refused)
    scorer.close()

asyncio.run(main())
"""
OPEN = """
import pathlib, sys
from marketplace.house import open_house
from marketplace.kit.clock import SystemClock
from marketplace.settings import Settings
open_house(Settings(data_dir=pathlib.Path(sys.argv[1])), SystemClock())
"""


def install(
    folder: Path,
    *,
    body: str = FINE,
    point: str = "night_share",
    name: str = "night_share",
    formula: str = "rows of the night / rows",
) -> None:
    """Lay a package out as an installer does: its module, and what it says of itself."""
    (folder / "district_metrics.py").write_text(
        METRIC.format(body=body, name=name, formula=formula), encoding="utf-8"
    )
    told = folder / "district_metrics-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: district-metrics\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(
        f"[jiebang.metrics]\n{point} = district_metrics:METRIC\n"
    )


def run(program: str, folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python that finds the package, and a secret in its environment."""
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={
            "PYTHONPATH": f"{site}:{Path(__file__).parents[3]}",
            "MARKETPLACE_SECRET_KEY": "a master key that nobody may find",
            "PATH": "",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages."""
    made = tmp_path / "site"
    made.mkdir()
    return made


def test_a_package_adds_a_metric(site: Path, tmp_path: Path) -> None:
    """Installed, it is found by its name and computed by a worker."""
    install(site)

    assert run(MEASURE, tmp_path / "data", site).stdout.strip() == "1"


def test_a_metric_finds_no_secret_in_its_worker(site: Path, tmp_path: Path) -> None:
    """Environment, open files, the file system, the network and processes: nothing is there."""
    install(site, body=SPY)

    assert run(MEASURE, tmp_path / "data", site).stdout.strip() == "0"


@pytest.mark.parametrize("body", ["return 1 / 0", "return Decimal(2)", "return Decimal('NaN')"])
def test_a_metric_that_fails_refuses_the_file(site: Path, tmp_path: Path, body: str) -> None:
    """An error, a value out of range and no number are refusals with a name, never a figure."""
    install(site, body=body)

    assert "scoring.metric_failed" in run(MEASURE, tmp_path / "data", site).stdout


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"body": "return ("}, "cannot be loaded: SyntaxError"),
        ({"point": "accuracy", "name": "accuracy"}, "another metric has this name"),
        ({"point": "other_name"}, "its name is 'night_share'"),
        ({"formula": " "}, "its formula is empty"),
    ],
)
def test_a_broken_metric_is_refused_at_the_start_by_its_name(
    site: Path, tmp_path: Path, facts: dict[str, str], fault: str
) -> None:
    """The service does not start, and says which metric of which package is at fault."""
    install(site, **facts)

    started = run(OPEN, tmp_path / "data", site)

    assert started.returncode != 0
    said = started.stderr.strip().splitlines()[-1]
    assert "SettingInvalid" in said and "'district-metrics'" in said
    assert fault in said
    assert facts.get("point", "night_share") in said
