"""Write what the code knows into the reference: the schema, the keys, the tasks.

    python scripts/reference.py

The same table that reads `infra/platform.toml` gives its JSON Schema and its page; the
descriptions of the tasks give theirs. Tests compare.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path

from invoke import Collection, ParserContext

from monokeel.ground import settings, toml
from monokeel.ground.toml import Key, Keys
from monokeel.tasks.command import EXITS, Command
from monokeel.tasks.help import GROUPS, VARIABLES
from monokeel.tasks.program import collection

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "template/ops/platform.schema.json"
PLATFORM = ROOT / "docs/reference/platform.md"
TASKS = ROOT / "docs/reference/tasks.md"
_RECORDS: Mapping[str, type] = {
    "services": settings.Service,
    "environments": settings.Environment,
    "policy": settings.PolicySettings,
}
_ABOUT_KEYS = """\
What each key means, its values, and what holds where it is left out. An example with
all of them is in [configuration](configuration.md). For editors there is a JSON Schema,
`ops/platform.schema.json` in every repository; the first line of the file names it."""
_MADE = "<!-- made by scripts/reference.py -->"


def schema() -> str:
    """Return the JSON Schema (draft 7, which editors know) of platform.toml."""
    top = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "infra/platform.toml of Monokeel",
        **_table(settings.KEYS, settings.Settings),
    }
    return json.dumps(top, indent=1) + "\n"


def _table(keys: Keys, record: type | None) -> dict[str, object]:
    known: dict[str, object] = {}
    required = []
    for name, key in keys.items():
        if not isinstance(key, Key):
            known[name] = _table(key, record)
            if _needs(key):
                required.append(name)
            continue
        row = _RECORDS.get(name)
        default = _default(record, key.field or name)
        said: dict[str, object] = {"description": key.meaning}
        if default is not None:
            said["default"] = default
        known[name] = {**_value(key.reader, row), **said}
        if key.required:
            required.append(name)
    found: dict[str, object] = {"type": "object", "additionalProperties": False}
    if required:
        found["required"] = required
    return {**found, "properties": known}


def _needs(keys: Keys) -> bool:
    return any(isinstance(key, Key) and key.required for key in keys.values())


def _value(reader: toml.Reader, row: type | None) -> dict[str, object]:
    if isinstance(reader, toml.Tables):
        table = _table(reader.keys, row)
        return {"type": "array", "items": table} if reader.many else table
    if isinstance(reader, toml.ListOf):
        return {"type": "array", "items": _value(reader.item, None)}
    if isinstance(reader, toml.Pairs):
        values = {_regex(reader.name.shape): _value(reader.value, None)}
        closed = {"type": "object", "additionalProperties": False}
        return {**closed, "patternProperties": values}
    if isinstance(reader, toml.Choice):
        return {"enum": [*reader.values]}
    if isinstance(reader, toml.Text):
        pattern = {"pattern": _regex(reader.shape)} if reader.shape else {}
        return {"type": "string", "minLength": 1, **pattern}
    return _PLAIN[reader]


def _regex(shape: str) -> str:
    r"""Return *shape* for ECMAScript: it has ``^`` and ``$`` where Python has more."""
    return "^" + shape.replace(r"\Z", "$").replace(r"\A", "^")


_PLAIN: Mapping[toml.Reader, dict[str, object]] = {
    toml.length: {"type": "string", "minLength": 1, "pattern": _regex(toml.LENGTH)},
    toml.folder: {"type": "string", "minLength": 1},
    toml.whole_folder: {"type": "string", "minLength": 1},
    toml.flag: {"type": "boolean"},
    toml.number: {"type": "integer", "minimum": 0},
    toml.moment: {"type": "string", "format": "date-time"},
}


def _default(record: type | None, name: str) -> object:
    for each in fields(record) if record is not None else ():
        if each.name == name and each.default not in (MISSING, "", 0, (), timedelta()):
            return each.default
    return None


def platform_page() -> str:
    """Return the page of the keys of platform.toml."""
    lines = ["# The keys of `infra/platform.toml`", "", _MADE, ""]
    lines.append(_ABOUT_KEYS)
    for name, key in settings.KEYS.items():
        lines += ["", f"## `{_heading(name, key)}`", ""]
        if isinstance(key, Key):
            inside = key.reader
            lines += [f"{key.meaning[0].upper()}{key.meaning[1:]}.", ""]
            keys = inside.keys if isinstance(inside, toml.Tables) else {}
        else:
            keys = key
        lines += ["| key | value | meaning | default |", "|---|---|---|---|"]
        lines += _rows(keys, _RECORDS.get(name, settings.Settings))
    return "\n".join(lines) + "\n"


def _heading(name: str, key: "Key | Keys") -> str:
    reader = key.reader if isinstance(key, Key) else None
    rows = isinstance(reader, toml.Tables) and reader.many
    return f"[[{name}]]" if rows else f"[{name}]"


def _rows(keys: Keys, record: type) -> Iterator[str]:
    for name, key in keys.items():
        if isinstance(key, Key):
            default = _default(record, key.field or name)
            shown = f"`{json.dumps(default)}`" if default is not None else ""
            shown = "required" if key.required else shown
            meaning = key.meaning.replace("|", "\\|")
            yield f"| `{name}` | {_kind(key.reader)} | {meaning} | {shown} |"


def _kind(reader: toml.Reader) -> str:
    if isinstance(reader, toml.Choice):
        return ", ".join(f"`{value}`" for value in reader.values)
    if isinstance(reader, toml.Pairs) and isinstance(reader.value, toml.Choice):
        return f"table of {_kind(reader.value)}"
    return _KINDS.get(type(reader)) or _KINDS[reader]


_KINDS: Mapping[object, str] = {
    toml.Text: "text",
    toml.length: "time, such as `24h`",
    toml.folder: "path",
    toml.whole_folder: "path",
    toml.flag: "true or false",
    toml.number: "number",
    toml.moment: "day and time with a zone",
    toml.ListOf: "list of text",
    toml.Pairs: "table of text",
}


def tasks_page() -> str:
    """Return the page of all tasks, their options, exit codes and variables."""
    tasks = collection(ROOT / "docs")  # a folder without tasks of a team
    contexts = {str(each.name): each for each in tasks.to_contexts()}
    lines = ["# The tasks", "", _MADE, ""]
    lines += ["`./inv TASK --help` says the same. Exit codes that all tasks share:", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXITS.items()]
    for group in GROUPS:
        lines += ["", f"## {group}"]
        for name in sorted(contexts):
            if _ours(tasks, name).about.group == group:
                lines += _task(name, _ours(tasks, name), contexts[name])
    lines += ["", "## Variables", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items()]
    return "\n".join(lines) + "\n"


def _ours(tasks: Collection, name: str) -> Command:
    task = tasks[name]
    if not isinstance(task, Command):
        raise TypeError(name)
    return task


def _task(name: str, task: Command, context: ParserContext) -> Iterator[str]:
    about = task.about
    doc = re.sub(r"\n\s+", "\n", (task.__doc__ or "").strip())
    yield from ("", f"### `{name}`", "", doc, "", "```")
    yield from about.examples
    yield from ("```", "")
    flags = [(f, a) for f, a in context.flags.items() if f not in context.inverse_flags]
    inverse = {plain: no for no, plain in context.inverse_flags.items()}
    if flags:
        yield from ("| option | meaning |", "|---|---|")
    for flag, argument in flags:
        shown = inverse.get(flag, flag) + (" VALUE" * argument.takes_value)
        yield f"| `{shown}` | {(argument.help or '').replace('|', chr(92) + '|')} |"
    ends = [f"{c}: {says or EXITS[c]}" for c, says in sorted(about.exits.items())]
    yield from ("", f"Exit codes: {'; '.join(ends)}.")
    if about.variables:
        yield from ("", f"Reads {', '.join(f'`{v}`' for v in about.variables)}.")


PAGES = {SCHEMA: schema, PLATFORM: platform_page, TASKS: tasks_page}


def main() -> None:
    """Write them all."""
    for path, make in PAGES.items():
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
