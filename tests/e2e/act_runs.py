"""Workflows really run, by ``act`` in host mode: no container, GitHub is the sandbox.

Actions are replaced by one stub; a step that uses any other action fails the run. A
job gets what the workflow hands it: secrets are in a file, not in the environment.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monokeel.ground.answers import Json, as_object
from tests.e2e.act_downlevel import downlevel

ACT = Path(sys.executable).with_name("act")
NOT_HERE = [name for name in ("jq", "git") if shutil.which(name) is None]
NOT_HERE += [] if ACT.exists() else ["act"]
_PIN = re.compile(r"uses: (\S+@[0-9a-f]{40})")
_EXIT = re.compile(r"exit status (\d+)\Z")
_STUB = """\
name: Stub
description: Stands in for every action; keeps artifacts and what was attested.
inputs:
  subject-name: {default: ""}
  subject-digest: {default: ""}
  name: {default: ""}
  path: {default: ""}
  pattern: {default: ""}
outputs:
  token: {value: "${{ steps.stub.outputs.token }}"}
runs:
  using: composite
  steps:
    - id: stub
      shell: bash
      env:
        SUBJECT: ${{ inputs.subject-name }}
        DIGEST: ${{ inputs.subject-digest }}
        NAME: ${{ inputs.name }}
        FILE: ${{ inputs.path }}
        PATTERN: ${{ inputs.pattern }}
      run: |
        if test -n "$NAME" && test -n "$FILE"; then
            mkdir -p "$ACT_ARTIFACTS/$NAME" && cp "$FILE" "$ACT_ARTIFACTS/$NAME/"
        elif test -n "$PATTERN"; then
            mkdir -p "$FILE" && cp -r "$ACT_ARTIFACTS/." "$FILE/"
        fi
        test -z "$SUBJECT" || echo "attested: $SUBJECT@$DIGEST"
        echo "token=$APP_TOKEN" >> "$GITHUB_OUTPUT"
"""


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What starts a workflow: an event such as ``push``, and what comes with it.

    *job* runs that job and those that it needs; *payload* is the event of GitHub;
    *app* is the token that the App's action hands out, where one is configured;
    *half_app*: its client ID is a variable, and nobody set its key.
    """

    event: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Json] = field(default_factory=dict)
    job: str = ""
    app: str = ""
    half_app: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run ended: exit code of act, and its records (one object for each line)."""

    code: int
    records: tuple[Mapping[str, Json], ...]

    @property
    def results(self) -> dict[str, str]:
        """The result of each job by its id; a skipped one is not there."""
        return {
            str(each["jobID"]): str(each["jobResult"])
            for each in self.records
            if "jobResult" in each
        }

    @property
    def output(self) -> str:
        """What the steps printed, and what act shows of their commands."""
        return "".join(f"{str(each.get('msg')).rstrip()}\n" for each in self.records)

    @property
    def exit_codes(self) -> dict[str, int]:
        """The exit code of each step that failed, by its name."""
        return {
            str(each["step"]): int(found[1])
            for each in self.records
            if "raw_output" not in each and (found := _EXIT.match(str(each["msg"])))
        }

    @property
    def attested(self) -> dict[str, str]:
        """The digest that was attested of each image."""
        return dict(re.findall(r"^attested: (\S+)@(\S+)$", self.output, re.MULTILINE))


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs the workflows of a checkout; *work* is a folder for what act needs.

    *environment* is what every step sees.
    """

    work: Path
    environment: Mapping[str, str]
    secrets: Mapping[str, str]

    def run(self, checkout: Path, workflow: str, trigger: Trigger) -> Run:
        """Run the text of a *workflow* on the files of *checkout*."""
        readable = self._file("workflow.yml", downlevel(workflow))
        stub = self._file("stub/action.yml", _STUB).parent
        replaced = [f"{pin}={stub}" for pin in sorted(set(_PIN.findall(workflow)))]
        environment = {
            **self.environment,
            **trigger.environment,
            "APP_TOKEN": trigger.app,
            "ACT_ARTIFACTS": str(self.work / "artifacts"),
            # act loses the last lines of a step that ends right after them.
            "BASH_ENV": str(self._file("bash_env", "trap 'sleep 0.2' EXIT\n")),
        }
        done = subprocess.run(
            [
                *(str(ACT), trigger.event, "--workflows", str(readable), "--json"),
                *("--platform", "ubuntu-24.04=-self-hosted", "--pull=false"),
                *("--no-cache-server", "--action-cache-path", str(self.work / "cache")),
                *("--actor", "ann", "--secret-file", str(self._secrets())),
                *_repeated("--local-repository", replaced),
                *_repeated("--env", [f"{k}={v}" for k, v in environment.items()]),
                *self._from(trigger),
            ],
            cwd=checkout,
            env={**os.environ, "XDG_CACHE_HOME": str(self.work / "home")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        records = [as_object(json.loads(line)) for line in done.stdout.splitlines()]
        ran = any("jobResult" in each for each in records)  # none: all were skipped
        assert ran or done.returncode == 0, done.stdout + done.stderr
        return Run(code=done.returncode, records=tuple(records))

    def _from(self, trigger: Trigger) -> list[str]:
        more = _repeated("--input", [f"{k}={v}" for k, v in trigger.inputs.items()])
        if trigger.payload:
            event = self._file("event.json", json.dumps(trigger.payload))
            more += ["--eventpath", str(event)]
        if trigger.job:
            more += ["--job", trigger.job]
        if trigger.app or trigger.half_app:
            more += ["--var", "MONOKEEL_APP_CLIENT_ID=Iv23"]
        return more

    def _secrets(self) -> Path:
        # Their file is YAML, which JSON is: a key has several lines.
        return self._file("secrets.yml", json.dumps(dict(self.secrets)))

    def _file(self, name: str, text: str) -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def _repeated(option: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
