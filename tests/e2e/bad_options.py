"""Wrong options of every task, and how each has to be refused."""

from itertools import pairwise

from tests.e2e.rendered_shop import PASSWORD, Row

RELEASE = ("release",)
BUILD = ("build", "--service", "api")
GUARD = ("guard", "--version", "1.1.0")
PROMOTE = ("promote", "--env", "staging", "--version", "1.0.0")
STATUS = ("status",)
HISTORY = ("history", "--env", "dev")
DRIFT = ("drift",)
PLAN = ("policy.plan",)
APPLY = ("policy.apply",)
LINT = ("policy.lint",)
INIT = ("init",)
CHECK = ("template.check",)
UPDATE = ("template.update",)
NINES = "9" * 5000
# A few bytes of YAML, and a milliard values.
LAUGHS = "[&a [1,1,1,1,1,1,1,1,1,1]%s]" % "".join(  # noqa: UP031 - full of braces
    f", &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise("abcdefghi")
)


def option(args: tuple[str, ...], says: str, code: int = 1) -> Row:
    return Row(args=args, code=code, says=says)


OPTIONS = {
    "promote nothing": option(("promote",), "no environment given"),
    "promote no version": option(("promote", "--env", "dev"), "no version given"),
    "promote empty environment": option(("promote", "--env", ""), "no environment"),
    **{
        f"promote to {name}": option(
            ("promote", "--dry-run", "--env", name, "--version", "1.0.0"),
            f"no environment {name!r}",
        )
        for name in ("release", "policy", "template", "registry")
    },
    "promote option as value": option(
        ("promote", "--env", "--version", "1.0.0"), "needs a value"
    ),
    "promote unknown environment": option(
        ("promote", "--env", "prd", "--version", "1.0.0"), "no environment 'prd'"
    ),
    "promote line end in environment": option(
        ("promote", "--env", "dev\n::error::x", "--version", "1.0.0"), r"'dev\n::error"
    ),
    "promote unicode digits": option(
        ("promote", "--env", "dev", "--version", "\u0661.0.0"), "is not a version"
    ),
    "promote line end in version": option(
        ("promote", "--env", "dev", "--version", "1.0\n.0"), r"'1.0\n.0' is not"
    ),
    "promote huge version": option(
        ("promote", "--env", "dev", "--version", NINES), "is not a version"
    ),
    "promote latest": option(
        ("promote", "--env", "dev", "--version", "latest"), "'latest' is not a version"
    ),
    "promote metadata": option(
        ("promote", "--env", "dev", "--version", "1.0.0+a"), "build metadata"
    ),
    "promote unknown version": option(
        ("promote", "--env", "dev", "--version", "1.0.1"), "nearest: v1.0.0", 3
    ),
    "promote unknown gate": option((*PROMOTE, "--override", "x"), "no gate 'x'"),
    "promote fixed gate": option(
        (*PROMOTE, "--override", "images=x"), "'images' has no override"
    ),
    "promote override without reason": option(
        (*PROMOTE, "--override", "soak= "), "has no reason"
    ),
    "promote unknown option": option(
        (*PROMOTE, "--force"), "promote has no option --force"
    ),
    "promote positional": option(("promote", "dev"), "takes no value here: 'dev'"),
    "history nothing": option(("history",), "no environment given"),
    "history unknown environment": option(("history", "--env", "-x"), "'-x' looks"),
    "history word": option((*HISTORY, "--count", "abc"), "--count 'abc'"),
    "history zero": option((*HISTORY, "--count", "0"), "--count '0'"),
    "history unicode digit": option((*HISTORY, "--count", "\u0661"), "--count"),
    "history huge": option((*HISTORY, "--count", NINES), "--count '9999"),
    "status extra": option((*STATUS, "prod"), "takes no value here: 'prod'"),
    "guard nothing": option(("guard",), "no version given"),
    "guard prefix": option(("guard", "--version", "v1"), "'v1' is not a version"),
    "guard option as value": option(("guard", "--version", "--json"), "needs a value"),
    # A tag is as good as its version, wherever one is asked for.
    "guard taken tag": option(("guard", "--version", "v1.0.0"), "1.0.0 is taken", 3),
    "promote unknown tag": option(
        ("promote", "--env", "dev", "--version", "v1.0.1"), "nearest: v1.0.0", 3
    ),
    "release abandon tag": option(
        (*RELEASE, "--abandon", "v1.0.0", "--yes"), "cannot be taken back", 3
    ),
    "update unknown tag": option((*UPDATE, "--to", "v0.0.1"), "has no v0.0.1"),
    "guard taken": option(("guard", "--version", "1.0.0"), "version 1.0.0 is taken", 3),
    "build preview": option(
        ("build", "--service", "apl", "--dry-run"), "no service 'apl'"
    ),
    "build nothing": option(("build",), "no service given"),
    "build unknown": option(("build", "--service", "apl"), "no service 'apl'"),
    "build path": option(("build", "--service", "../api"), "no service '../api'"),
    "build line end": option(("build", "--service", "api\n"), r"no service 'api\n'"),
    "release abandon preview": option(
        (*RELEASE, "--dry-run", "--abandon", "1.0.0"), "cannot be taken back", 3
    ),
    "release abandon offline": option(
        (*RELEASE, "--dry-run", "--abandon", "1.0.0", "--offline"), "belong to"
    ),
    "release two ways": option(
        (*RELEASE, "--dry-run", "--online", "--offline"), "do not go together"
    ),
    "release online": option((*RELEASE, "--online"), "belong to the --dry-run"),
    "release empty abandon": option((*RELEASE, "--abandon", ""), "no version given"),
    "release abandon word": option((*RELEASE, "--abandon", "all"), "'all' is not"),
    "release abandon published": option(
        (*RELEASE, "--abandon", "1.0.0", "--yes"), "cannot be taken back", 3
    ),
    "release positional": option((*RELEASE, "1.1.0"), "takes no value here: '1.1.0'"),
    "drift unknown section": option((*DRIFT, "--only", "rules"), "no section rules"),
    "drift sections with a space": option(
        (*DRIFT, "--only", "rulesets pointers"), "several with commas"
    ),
    "drift unknown allowance": option(
        (*DRIFT, "--allow-unverified", "all"), "leave unverified all"
    ),
    "plan unknown allowance": option((*PLAN, "--allow-unverified", "x"), "x"),
    "rollback nothing": option(("policy.rollback",), "no ruleset given"),
    "rollback unknown": option(("policy.rollback", "--ruleset", "mian"), "'mian'"),
    "rollback word": option(
        ("policy.rollback", "--ruleset", "main", "--to", "abc"), "'abc' is not"
    ),
    "rollback huge": option(
        ("policy.rollback", "--ruleset", "main", "--to", NINES), "is not a version"
    ),
    "apply positional": option((*APPLY, "main"), "takes no value here: 'main'"),
    "export option": option(("policy.export", "--json"), "has no option --json"),
    "lint option": option((*LINT, "--fix"), "has no option --fix"),
    "services unknown ref": option(
        ("services", "--changed-since", "nope"), "no commit 'nope'"
    ),
    "services option as ref": option(
        ("services", "--changed-since=-x"), "no commit '-x'"
    ),
    "branch not allowed": option(("check.branch", "--name", "env"), "'env'", 3),
    "branch empty": option(("check.branch", "--name", ""), "branch ''", 3),
    "init create": option((*INIT, "--create", "internal"), "no visibility"),
    "init key folder": option(
        (*INIT, "--no-rules", "--key-file", "/usr"), "/usr is a folder"
    ),
    "branch line end": option(
        ("check.branch", "--name", "feat/x\n::error::y"), r"'feat/x\n", 3
    ),
    "title empty": option(("check.title", "--title", ""), "title ''", 3),
    "title colour": option(("check.title", "--title", "\x1b[31mx"), r"'\x1b[31mx'", 3),
    "title unknown type": option(("check.title", "--title", "feet: x"), "'feet'", 3),
    "init key inside": option((*INIT, "--key-file", "key"), "inside the repository"),
    "init key nowhere": option(
        (*INIT, "--no-rules", "--key-file", "/proc/nowhere/key"), "/proc/nowhere"
    ),
    "check option as source": option((*CHECK, "--source=-x"), "'-x' is not"),
    "check relative source": option((*CHECK, "--source", "../x"), "'../x' is not"),
    "check password in source": option(
        (*CHECK, "--source", f"https://u:{PASSWORD}@example.com/x.git"), "credentials"
    ),
    "check plain source": option(
        (*CHECK, "--source", "http://example.com/x.git"), "not an https address"
    ),
    "check program as source": option(
        (*CHECK, "--source", "ext::sh -c false"), "cannot be read", 4
    ),
    "check missing source": option((*CHECK, "--source", "/nowhere"), "/nowhere", 4),
    "update word as source": option((*UPDATE, "--source", "foo"), "'foo' is not"),
    "update path as source": option((*UPDATE, "--source", "a/b/c"), "'a/b/c' is not"),
    "update unknown version": option((*UPDATE, "--to", "0.0.1"), "has no v0.0.1"),
    "update latest": option((*UPDATE, "--to", "latest"), "has no vlatest"),
    "update no pair": option((*UPDATE, "--answer", "x"), "'x' is not NAME=VALUE"),
    "update no yaml": option((*UPDATE, "--answer", "services=[}"), "is not YAML"),
    "update no date": option(
        (*UPDATE, "--answer", "services=2026-13-45"),
        "'services=2026-13-45' is not YAML",
    ),
    "update no moment": option(
        (*UPDATE, "--answer", "services=!!timestamp x"),
        "'services=!!timestamp x' is not YAML",
    ),
    "update no number": option(
        (*UPDATE, "--answer", "services=!!int y"), "is not YAML"
    ),
    "update no bytes": option(
        (*UPDATE, "--answer", "services=!!binary \u00e9"), "not YAML"
    ),
    "update a program": option(
        (*UPDATE, "--answer", "services=!!python/object/apply:os.system [id]"),
        "not YAML",
    ),
    "update infinite answer": option(
        (*UPDATE, "--answer", "services=.inf"), "what is no number"
    ),
    "update no number at all": option(
        (*UPDATE, "--answer", "services=.nan"), "what is no number"
    ),
    "update a huge number": option(
        (*UPDATE, "--answer", f"services=1{'0' * 400}"), "is too long"
    ),
    "update a mapping for a number": option(
        (*UPDATE, "--answer", "required_reviews={a: 1}"), "cannot be rendered"
    ),
    "update a date for services": option(
        (*UPDATE, "--answer", "services=2026-01-01"), "cannot be rendered"
    ),
    "update half a character": option(
        (*UPDATE, "--answer", 'description="\\ud800"'), "cannot be rendered"
    ),
    "update a nul": option(
        (*UPDATE, "--answer", 'description="\\0"'), "cannot be rendered"
    ),
    "update too deep": option(
        (*UPDATE, "--answer", f"services={'[' * 5000}"), "100 deep"
    ),
    "update too many": option(
        (*UPDATE, "--answer", f"services={LAUGHS}"), "1000000 values"
    ),
    "update unknown answer": option((*UPDATE, "--answer", "nope=1"), "'nope'"),
    "update wrong answer": option(
        (*UPDATE, "--answer", "required_reviews=11"), "a number from 0 to 10"
    ),
    "verify positional": option(
        ("template.verify", "inv"), "takes no value here: 'inv'"
    ),
    "doctor option": option(("doctor", "--fix"), "has no option --fix"),
    "two tasks": option((*STATUS, "drift"), "takes no value here: 'drift'"),
    "twice": option((*HISTORY, "--env", "prod"), "given twice: 'dev' and 'prod'"),
    "value for a flag": option((*STATUS, "--json=yes"), "--json takes no value"),
    "group with a word": option(("policy", "plan"), "policy is a group"),
    "behind a double dash": option((*STATUS, "--", "x"), "nothing behind --: 'x'"),
    "no such task": option(("deploy",), "no task 'deploy'"),
}
