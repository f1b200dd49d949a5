"""Every command of the guide's ruleset recovery, run in its order."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live_shop import ROOT
from tests.e2e.ruled_shop import Ruled, ruled_shop

GUIDE = ROOT / "template/docs/OPERATIONS.md"
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
# These end with 2 on a difference, which is a result and not a failure.
LOOKS = ("./inv drift", "./inv policy.plan")


def blocks() -> list[str]:
    section = GUIDE.read_text(encoding="utf-8").partition("### Ruleset Recovery\n")[2]
    return BLOCK.findall(section.partition("\n### ")[0])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ruled]:
    with ruled_shop(tmp_path / "shop") as shop:
        (shop.folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/apply-rulesets.sh", shop.folder / "scripts")
        launcher = shop.folder / "inv"
        launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m invoke "$@"\n')
        launcher.chmod(0o755)
        yield shop


def test_the_guide_ends_with_the_rules_in_force(shop: Ruled) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shop.inv("policy.apply")
    shop.tamper("main", enforcement="evaluate")

    for block in blocks():
        for command in re.split(r"\n *(?=\./|mv )", block.strip()):
            done = subprocess.run(
                ["sh", "-eu", "-c", command],
                cwd=shop.folder,
                env={**shop.environment, "PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
            good = (0, 2) if command.startswith(LOOKS) else (0,)
            assert done.returncode in good, f"{command}\n{done.stderr}"

    assert blocks()
    assert shop.inv("drift", "--only", "rulesets").code == 0
