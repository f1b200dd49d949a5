"""What our own rules say about a workflow file; each returns what is wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from monokeel.ground.answers import Json, as_list, as_object, as_text

# all-green does not wait for these: GitHub does not give them to every repository.
ADVISORY = {"dependencies"}
GATES = {"ci.yml": "all-green", "template.yml": "template-green"}
_PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z")
_USES = re.compile(r"^\s*(?:- )?uses:\s*(.+?)\s*$", re.MULTILINE)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\b")
_MAY_HAVE = ("docker/login-action", "actions/create-github-app-token")
_OURS = re.compile(
    r"(?:mkdir -p \S+ && )?\./inv [a-z][^;&|`\n]+(?:\|\| test \"\$\?\" -eq [0-9])?"
)
_NAMED = re.compile(r"(?i)\bsecrets\b|\bgithub\.token\b|GITHUB_TOKEN|outputs\.token")
_LONGEST_SCRIPT = 6


def read(path: Path) -> Mapping[str, Json]:
    """Return the parsed workflow; its ``on`` is the key ``True`` (YAML 1.1)."""
    loaded: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    return as_object(loaded)


def jobs(path: Path) -> dict[str, dict[str, Json]]:
    """Return the jobs of the workflow by id."""
    return {name: as_object(job) for name, job in as_object(read(path)["jobs"]).items()}


def scripts(path: Path) -> Iterator[str]:
    """Yield every ``run:`` of the workflow."""
    for job in jobs(path).values():
        for step in as_list(job["steps"]):
            if "run" in as_object(step):
                yield as_text(as_object(step)["run"])


def uses(text: str) -> list[str]:
    """Return what stands behind each ``uses:``, the version's comment included."""
    return _USES.findall(text)


def loose_pins(text: str) -> list[str]:
    """Return each action that is not pinned as ``name@<40 hex> # vX.Y.Z``."""
    return [each for each in uses(text) if not _PIN.match(each)]


def loose_images(dockerfile: str) -> list[str]:
    """Return each image in *dockerfile* that no robot could keep fresh.

    Dependabot reads ``FROM`` alone, and no argument in it (dependabot-core #2057).
    """
    images = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    return [image for image in images if not _DIGEST.search(image)]


def loose_secrets(path: Path) -> list[str]:
    """Return each place that has a token or secret and is no single step of ours.

    Ours are ``./inv TASK`` alone, and actions that sign in or make a token of an App.
    Whether a secret is set at all (``!= ''``) is none.
    """
    workflow = read(path)
    found = [""] if _holds(workflow.get("env"), workflow.get("defaults")) else []
    for name, job in jobs(path).items():
        rest = [part for key, part in job.items() if key != "steps"]
        found += [name] if _holds(*rest) else []
        for step in map(as_object, as_list(job["steps"])):
            who = str(step.get("uses", "")).partition("@")[0]
            script = str(step.get("run", ""))
            ours = who in _MAY_HAVE or _OURS.fullmatch(script.strip())
            if not ours and _holds(step):
                found.append(f"{name}, {step.get('name') or who}")
    return found


def _holds(*parts: Json) -> bool:
    text = "\n".join(_texts(parts))
    return (
        _NAMED.search(re.sub(r"\b(?:secrets|steps)[.\w]+ [!=]= ''", "", text))
        is not None
    )


def _texts(parts: Iterable[Json]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, dict):
            yield from _texts([*part, *part.values()])
        elif isinstance(part, list):
            yield from _texts(part)
        else:
            yield str(part)


def swallowed_failures(script: str) -> list[str]:
    """Return the lines whose ``$(…)`` may fail unseen: inside an argument."""
    return re.findall(r"^.*\b(?:echo|printf|export)\b.*\$\(.*$", script, re.MULTILINE)


def problems(path: Path) -> list[str]:
    """Return what is wrong with the whole file, job by job."""
    found = [f"not pinned: {each}" for each in loose_pins(path.read_text())]
    for script in scripts(path):
        found += [f"failure unseen: {each}" for each in swallowed_failures(script)]
        if script.strip().count("\n") >= _LONGEST_SCRIPT:
            found.append(f"logic in a script: {script}")
    if read(path).get("permissions") != {}:
        found.append("permissions at the top are not {}")
    for name, job in jobs(path).items():
        if "timeout-minutes" not in job:
            found.append(f"{name}: no timeout")
        if job.get("runs-on") != "ubuntu-24.04":
            found.append(f"{name}: runs on {job.get('runs-on')}")
    return found + _gate_problems(path)


def _gate_problems(path: Path) -> list[str]:
    gate = GATES.get(path.name)
    if gate is None:
        return []
    known = jobs(path)
    needed = set(map(as_text, as_list(known[gate]["needs"])))
    missing = known.keys() - {gate} - ADVISORY - needed
    found = [f"{gate} does not need {name}" for name in sorted(missing)]
    if known[gate].get("if") != "${{ always() }}":
        found.append(f"{gate} is not always there")
    if known[gate].get("name") != gate:
        found.append(f"{gate} has another name")
    return found
