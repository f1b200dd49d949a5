"""Programs: a clean environment, no shell, errors that name the program."""

import shlex
import sys
from pathlib import Path

import pytest

from monokeel.adapters.process import (
    clean_environment,
    reason_in,
    run,
    run_visible,
    stream,
)
from monokeel.ground.errors import ServiceError

HERE = Path()
PYTHON = sys.executable


def test_foreign_git_variables_do_not_reach_git(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -v")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "x")

    env = clean_environment({"EXTRA": "1"})

    assert "GIT_DIR" not in env
    assert env["GIT_SSH_COMMAND"] == "ssh -v"
    assert env["GIT_CONFIG_VALUE_0"] == "x"
    assert env["EXTRA"] == "1"


@pytest.mark.parametrize("text", ["echo 1\n", "#!/no/such/program\n"])
def test_a_script_that_no_program_can_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "build.sh"
    path.write_text(text)
    path.chmod(0o755)

    with pytest.raises(ServiceError, match=r"build\.sh cannot be started") as told:
        run_visible([str(path)], cwd=tmp_path)

    assert "#!" in told.value.fix


def test_an_argument_is_not_read_by_a_shell() -> None:
    done = run([PYTHON, "-c", "import sys; print(sys.argv[1])", "$HOME; echo x"])

    assert done.stdout == "$HOME; echo x\n"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ServiceError, match="no-such-program is not installed"):
        run(["no-such-program"])


def test_a_failure_ends_with_the_last_line_of_its_output() -> None:
    with pytest.raises(ServiceError, match=r"failed \(3\): why$"):
        run(
            [PYTHON, "-c", "import sys; print('x\\nwhy', file=sys.stderr); sys.exit(3)"]
        )


DUBIOUS = """fatal: detected dubious ownership in repository at '/x y'
To add an exception for this directory, call:

	git config --global --add safe.directory '/x y'"""


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        (
            DUBIOUS,
            "Run: git config --global --add safe.directory '/x y'",
        ),
        ("fatal: not a git repository: '.git'", "git init -b main"),
        ("fatal: something else", ""),
    ],
)
def test_the_remedy_that_git_knows_is_the_fix(said: str, fix: str) -> None:
    """T22: in a container the clone belongs to another user."""
    with pytest.raises(ServiceError) as caught:
        run(["sh", "-c", 'printf %s "$0" >&2; exit 128', said])

    assert fix in caught.value.fix
    assert bool(caught.value.fix) == bool(fix)


def test_a_setting_is_not_the_name_of_what_failed() -> None:
    with pytest.raises(ServiceError, match=r"\Agit rev-parse --verify failed"):
        run(["git", "-c", "core.hooksPath=/dev/null", "rev-parse", "--verify", "no"])


def test_an_expected_code_is_returned() -> None:
    assert run([PYTHON, "-c", "raise SystemExit(7)"], ok=(0, 7)).returncode == 7


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(ServiceError, match="did not end within"):
        run([PYTHON, "-c", "import time; time.sleep(60)"], timeout_s=0.2)


def test_a_stream_is_split_at_its_separator_and_decoded() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'a\0b\xff\0' + b'c' * 200000)"

    records = list(stream([PYTHON, "-c", code], cwd=HERE, separator=b"\0"))

    assert records == ["a", "b\ufffd", "c" * 200000]


def test_a_stream_that_complains_at_length_is_read_to_its_end() -> None:
    loud = "import sys; sys.stderr.write('x' * 300_000); print('end')"

    assert list(stream([sys.executable, "-c", loud], cwd=HERE, separator=b"\n")) == [
        "end"
    ]


def test_a_stream_that_fails_says_so_at_its_end() -> None:
    ends = "print('x'); raise SystemExit(2)"

    with pytest.raises(ServiceError, match=r"failed \(2\)"):
        list(stream([PYTHON, "-c", ends], cwd=HERE, separator=b"\n"))


def test_a_visible_child_leaves_stdout_to_us(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = run_visible([PYTHON, "-c", "print('built')"], cwd=tmp_path)

    captured = capfd.readouterr()
    assert (code, captured.out, captured.err) == (0, "", "built\n")


GONE = "fatal: Could not read from remote repository."
UNSIGNED = "error: gpg failed to sign the data"
LOST = "fatal: failed to write commit object"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (f"{GONE}\n\nPlease make sure you have\nand the repository exists.\n", GONE),
        (f"{UNSIGNED}\n{LOST}\n", f"{UNSIGNED}; {LOST}"),
        ("Permission denied\n\n", "Permission denied"),
        ("", "no message"),
    ],
)
def test_the_reason_is_the_line_that_says_it(said: str, reason: str) -> None:
    """T23, T24: behind git's reason stands its advice."""
    assert reason_in(said) == reason


@pytest.mark.parametrize(
    "name",
    [
        *("MONOKEEL_DEPLOY_KEY", "MONOKEEL_WRITER_KEY", "MONOKEEL_PACKAGES_TOKEN"),
        *("MONOKEEL_RELEASE_TOKEN", "MONOKEEL_REGISTRY_PASSWORD"),
    ],
)
def test_no_child_gets_our_secrets(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("GITHUB_TOKEN", "for a credential helper")

    given = run(["env"]).stdout

    assert "s3cret" not in given
    assert "GITHUB_TOKEN=for a credential helper" in given


@pytest.mark.parametrize(
    "said",
    [
        "fatal: unable to access 'https://ann:s3cret@example.com/x.git/': no",
        "https://s3cret@example.com",
        "ssh://ann:s3/cret@s3cret@example.com/x",
        "fatal: repository 'https://example.com/x.git?token=s3cret/' not found",
        "fatal: unable to access 'https://example.com/x.git#s3cret/': no",
        "https://ann:s3cret%40example.com/x",
        "https://ann:s3cret\uff20example.com/x",
    ],
)
def test_what_a_program_says_of_an_address_has_no_login(said: str) -> None:
    script = f"echo {shlex.quote(said)} >&2; exit 3"

    with pytest.raises(ServiceError) as caught:
        run(["sh", "-c", script])

    assert "s3" not in caught.value.problem.partition("(3)")[2]
    assert "example.com" in caught.value.problem
