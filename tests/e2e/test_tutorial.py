"""The tutorial as it stands, in the shell that it opens on the local GitHub."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests import warm
from tests.e2e.live_shop import ROOT

TUTORIAL = ROOT / "docs/tutorial.md"
SANDBOX = ROOT / "docs/how-to/sandbox.md"
# What a line ends with where it does not succeed, as its comment on the page says.
REFUSED = {"git push origin HEAD:env/prod": 1, "--env prod --version": 3, "drift": 2}


def typed(page: Path) -> list[str]:
    """Return the lines of every block of *page*, without their comments."""
    blocks = re.findall(r"(?ms)^ *```\n(.*?)^ *```", page.read_text(encoding="utf-8"))
    return [
        line.partition(" #")[0].strip()
        for block in blocks
        for line in block.splitlines()
    ]


def script(lines: list[str]) -> str:
    """Return a program that runs *lines* one by one and tells the end of each."""
    told = [f'{line}\necho "[ended $?] "{line.split()[0]!r}' for line in lines]
    return "#!/bin/bash\n" + "\n".join(told) + "\n"


def in_the_shell(opens: str, program: str, base: Path) -> str:
    """Return what *program* says in the place of the shell that *opens* starts."""
    for name in ("home", "place"):
        (base / name).mkdir()
    shell, programs = base / "shell", Path(sys.executable).parent
    shell.write_text(program, encoding="utf-8")
    shell.chmod(0o755)
    env = {
        **os.environ,
        "SHELL": str(shell),
        "HOME": str(base / "home"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "MONOKEEL_PYTHON": warm.program(),
        **{f"GIT_{who}_NAME": "ada" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    assert opens.startswith("./scripts/sandbox.sh shell ")
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *opens.split()[1:]],
        cwd=base / "place",
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ).stdout


def test_every_line_of_the_tutorial_ends_as_it_says(tmp_path: Path) -> None:
    opens, *lines = typed(TUTORIAL)
    [clone, opening] = [x for x in typed(SANDBOX) if x.startswith(("git ", "gh "))]
    lines += [
        f"cd .. && {clone} again && cd again && git switch -q -c feat/x",
        "git commit -q --allow-empty -m 'feat: x' && git push -q origin HEAD",
        opening,
    ]

    said = in_the_shell(opens, script(lines), tmp_path)

    ends = [int(x) for x in re.findall(r"^\[ended (\d+)\]", said, re.MULTILINE)]
    wanted = [
        next((code for part, code in REFUSED.items() if part in line), 0)
        for line in lines
    ]
    assert [*zip(lines, ends, strict=True)] == [*zip(lines, wanted, strict=True)], said
    for words in ("v1.0.0 is published", "enforcement", "/pull/1"):
        assert words in said
