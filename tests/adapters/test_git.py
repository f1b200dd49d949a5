"""Git against a real bare repository: history, and compare-and-swap."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monokeel.adapters.credentials import (
    Credentials,
    key_environment,
    ssh_address,
    token_environment,
)
from monokeel.adapters.git import Git
from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import ServiceError, UsageError

CLAIM = "refs/releases/v1.0.0"


def git(cwd: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def save(clone: Path, message: str) -> str:
    git(clone, "commit", "-q", "--allow-empty", "-m", message)
    return git(clone, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "clone")
    path = tmp_path / "clone"
    save(path, "feat: first")
    git(path, "push", "-q", "origin", "HEAD:main")
    return path


def test_history_comes_newest_first_with_whole_messages(clone: Path) -> None:
    git(clone, "tag", "v1.0.0")
    second = save(clone, "fix: ==END==\n\nbody é\n")
    third = save(clone, "feat: third")

    history = list(Git(clone).log("refs/tags/v1.0.0", "HEAD"))

    assert history == [(third, "feat: third\n"), (second, "fix: ==END==\n\nbody é\n")]


def test_tags_are_peeled_and_limited_to_a_history(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    git(clone, "tag", "v1.0.0")
    git(clone, "tag", "-am", "x", "v1.1.0")
    second = save(clone, "feat: b")
    git(clone, "tag", "v2.0.0")

    assert Git(clone).tags(merged=first) == {"v1.0.0": first, "v1.1.0": first}
    assert Git(clone).tags()["v2.0.0"] == second


def test_many_tags_of_one_commit_do_not_read_its_message_each(clone: Path) -> None:
    """R25: 5,000 tags on a message of 10 MB took 31 s, and take 0.2 s."""
    text = "fix: b\n\n" + "some words of a long message\n" * 350_000
    made = ["git", "commit-tree", "HEAD^{tree}", "-p", "HEAD"]
    done = subprocess.run(
        made, cwd=clone, input=text, check=True, capture_output=True, text=True
    )
    commit = done.stdout.strip()
    refs = "".join(f"create refs/tags/v1.0.{n} {commit}\n" for n in range(5000))
    update = ["git", "update-ref", "--stdin"]
    subprocess.run(update, cwd=clone, input=refs, check=True, text=True)
    begun = time.monotonic()

    found = Git(clone).tags(), Git(clone).tags(merged=commit)

    assert [len(tags) for tags in found] == [5000, 5000]
    assert time.monotonic() - begun < 10


def test_a_clone_without_tags_has_none(clone: Path) -> None:
    assert Git(clone).tags() == Git(clone).tags(merged="HEAD") == {}


def test_a_file_is_read_from_the_commit_and_not_from_the_disk(clone: Path) -> None:
    (clone / "a.txt").write_text("old\n")
    git(clone, "add", "a.txt")
    commit = save(clone, "feat: a")
    (clone / "a.txt").write_text("new\n")

    assert Git(clone).file_at(commit, "a.txt") == "old\n"
    assert Git(clone).file_at(commit, "b.txt") is None


def test_a_byte_order_mark_of_a_commit_is_read_over_as_one_on_the_disk(
    clone: Path,
) -> None:
    (clone / "a.txt").write_bytes(b"\xef\xbb\xbf1.0.0\n")
    git(clone, "add", "a.txt")
    commit = save(clone, "feat: a")

    assert Git(clone).file_at(commit, "a.txt") == "1.0.0\n"


def test_a_commit_that_is_not_here_is_not_answered_with_no_file(clone: Path) -> None:
    with pytest.raises(ServiceError, match="is not in this clone"):
        Git(clone).file_at("1" * 40, "a.txt")


def test_ancestry_has_three_answers(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = save(clone, "feat: b")

    assert Git(clone).is_ancestor(first, second)
    assert not Git(clone).is_ancestor(second, first)
    with pytest.raises(ServiceError):
        Git(clone).is_ancestor("1" * 40, second)


def test_a_shallow_clone_does_not_answer_about_ancestry(clone: Path) -> None:
    second = save(clone, "feat: b")
    git(clone, "push", "-q", "origin", "HEAD:main")
    shallow = clone.parent / "shallow"
    url = f"file://{clone.parent / 'origin.git'}"
    git(clone.parent, "clone", "-q", "--depth=1", "-b", "main", url, str(shallow))

    assert Git(shallow).is_shallow()
    with pytest.raises(ServiceError, match="shallow"):
        Git(shallow).is_ancestor(second, second)


def test_remote_refs_are_exact_and_peeled(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    git(clone, "tag", "-am", "x", "v1.0.0")
    git(clone, "push", "-q", "origin", "v1.0.0", "HEAD:feat/main", f"HEAD:{CLAIM}")

    assert Git(clone).remote_refs() == {
        "refs/heads/feat/main": first,
        "refs/heads/main": first,
        "refs/tags/v1.0.0": first,
    }
    assert Git(clone).remote_refs(("refs/releases/",)) == {CLAIM: first}


def test_an_unreachable_remote_is_not_an_empty_one(clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", str(clone / "nowhere"))

    with pytest.raises(ServiceError):
        Git(clone).remote_refs()


def test_a_clone_without_a_remote_says_how_to_add_one(clone: Path) -> None:
    git(clone, "remote", "remove", "origin")

    with pytest.raises(UsageError, match="has no remote 'origin'"):
        Git(clone).remote_refs()


def test_a_ref_is_created_once(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = save(clone, "feat: b")
    repository = Git(clone)

    assert repository.move_ref(CLAIM, old=None, new=first) == Moved(
        now=first, changed=True
    )
    assert repository.move_ref(CLAIM, old=None, new=first) == Moved(
        now=first, changed=False
    )
    assert repository.move_ref(CLAIM, old=None, new=second) == Lost(now=first)


def test_a_ref_moves_only_from_the_expected_commit(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = save(clone, "feat: b")
    third = save(clone, "feat: c")
    repository = Git(clone)
    repository.move_ref("refs/heads/env/dev", old=None, new=second)

    lost = repository.move_ref("refs/heads/env/dev", old=first, new=third)
    back = repository.move_ref("refs/heads/env/dev", old=second, new=first)

    assert lost == Lost(now=second)
    assert back == Moved(now=first, changed=True)


def test_a_move_that_another_push_was_first_to_make_is_theirs(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = save(clone, "feat: b")
    git(clone, "push", "-q", "origin", f"{second}:refs/heads/main")
    repository, ref = Git(clone), "refs/heads/env/dev"
    repository.move_ref(ref, old=None, new=first)
    hook = clone.parent / "origin.git/hooks/pre-receive"
    other = f"git update-ref {ref} {second}"  # between our reading and our turn
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\n{other}\n")
    hook.chmod(0o755)

    moved = repository.move_ref(ref, old=first, new=second)

    # A server that gets one push twice refuses the second in the same words.
    assert moved == Moved(now=second, changed=None)


def test_a_ref_is_deleted_only_from_the_expected_commit(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = save(clone, "feat: b")
    repository = Git(clone)
    repository.move_ref(CLAIM, old=None, new=second)

    assert repository.move_ref(CLAIM, old=first, new=None) == Lost(now=second)
    assert repository.move_ref(CLAIM, old=second, new=None) == Moved(
        now=None, changed=True
    )
    assert repository.move_ref(CLAIM, old=second, new=None).__class__ is Moved


def test_a_tag_is_made_once_and_carries_its_message(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    text = '{\n  "schema": 1\n}\n'

    made = Git(clone).create_tag("refs/tags/v1.0.0", commit=first, message=text)
    again = Git(clone).create_tag("refs/tags/v1.0.0", commit=first, message=text)
    other = Git(clone).create_tag("refs/tags/v1.0.0", commit=first, message="other")

    at = Git(clone).remote_objects()["refs/tags/v1.0.0"]
    assert isinstance(made, Moved)
    assert isinstance(again, Moved)
    assert (at.object, at.commit) == (made.now, first)
    assert other == Lost(now=at.object)
    assert Git(clone).tag_message("refs/tags/v1.0.0", at) == text
    assert git(clone, "rev-parse", "v1.0.0^{commit}") == first
    git(clone, "fsck", "--strict")


def test_a_tag_is_read_by_a_clone_that_has_not_fetched_it(
    clone: Path, tmp_path: Path
) -> None:
    first = git(clone, "rev-parse", "HEAD")
    Git(clone).create_tag(CLAIM, commit=first, message="the record\n")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "--no-tags", str(clone.parent / "origin.git"), "other")
    before = git(other, "for-each-ref")

    at = Git(other).remote_objects(("refs/",))[CLAIM]

    assert Git(other).tag_message(CLAIM, at) == "the record\n"
    assert git(other, "for-each-ref") == before


def test_a_lightweight_tag_has_no_message(clone: Path) -> None:
    git(clone, "push", "-q", "origin", "HEAD:refs/tags/v1.0.0")

    at = Git(clone).remote_objects()["refs/tags/v1.0.0"]

    assert Git(clone).tag_message("refs/tags/v1.0.0", at) is None


def test_a_deleted_claim_leaves_no_tag_in_the_clone(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    ref = "refs/tags/monokeel-claim/v1.0.0"
    made = Git(clone).create_tag(ref, commit=first, message="x\n")
    assert isinstance(made, Moved)

    Git(clone).move_ref(ref, old=made.now, new=None)

    assert (git(clone, "tag"), Git(clone).remote_refs((ref,))) == ("", {})


def test_a_refusal_gives_the_words_of_the_server(clone: Path) -> None:
    hook = clone.parent / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH013: no' >&2\nexit 1\n")
    hook.chmod(0o755)
    first = git(clone, "rev-parse", "HEAD")

    declined = Git(clone).move_ref(CLAIM, old=None, new=first)

    assert declined == Declined(reason="pre-receive hook declined: GH013: no")


@pytest.mark.parametrize("lock", [f"{CLAIM}.lock", "packed-refs.lock"])
def test_a_ref_that_somebody_is_writing_is_not_refused(clone: Path, lock: str) -> None:
    """Runs at the same moment lock the same file: the loser may try again."""
    first = git(clone, "rev-parse", "HEAD")
    old = None
    if lock == "packed-refs.lock":  # a ref that is deleted leaves that file, too
        Git(clone).move_ref(CLAIM, old=None, new=first)
        git(clone.parent / "origin.git", "pack-refs", "--all")
        old = first
    held = clone.parent / "origin.git" / lock
    held.parent.mkdir(parents=True, exist_ok=True)
    held.touch()

    with pytest.raises(ServiceError, match="somebody else was writing") as caught:
        Git(clone).move_ref(CLAIM, old=old, new=None if old else first)

    assert caught.value.again_s == 0


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        pytest.param("https://github.com/acme/shop.git", True, id="its own host"),
        pytest.param("https://example.com/acme/shop.git", False, id="another host"),
        pytest.param("https://github.com.evil.com/x", False, id="a longer name"),
        pytest.param("ssh://git@github.com/acme/shop.git", False, id="ssh"),
        pytest.param("/somewhere", False, id="a path"),
    ],
)
def test_a_token_goes_to_its_own_host_only(address: str, sent: bool) -> None:
    environment = token_environment(Credentials(token="s3cret"), address)

    assert bool(environment) is sent
    assert "s3cret" not in str(environment)


def test_a_token_keeps_the_settings_that_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")

    environment = token_environment(Credentials(token="t"), "https://github.com/a/b")

    assert environment["GIT_CONFIG_COUNT"] == "3"
    assert "GIT_CONFIG_VALUE_2" in environment


def test_credentials_do_not_show_their_secrets() -> None:
    credentials = Credentials(token="s3cret", deploy_key="-----BEGIN")

    assert "s3cret" not in repr(credentials)
    assert "BEGIN" not in repr(credentials)


def test_a_key_file_is_private_and_gone_afterwards() -> None:
    credentials = Credentials(deploy_key="KEY", host_keys=lambda: ("ssh-ed25519 AAAA",))

    with key_environment(credentials, "ssh://git@github.com/a/b.git") as environment:
        words = environment["GIT_SSH_COMMAND"].split()
        key = Path(words[words.index("-i") + 1])
        known = key.with_name("known_hosts").read_text()
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.read_text() == "KEY\n"

    assert known == "github.com ssh-ed25519 AAAA\n"
    assert not key.exists()


@pytest.mark.parametrize(
    ("address", "by_key"),
    [
        ("https://github.com/a/b.git", "ssh://git@github.com/a/b.git"),
        ("http://127.0.0.1:80/a/b.git", "ssh://git@127.0.0.1/a/b.git"),
        ("ssh://git@127.0.0.1:22/a.git", "ssh://git@127.0.0.1:22/a.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
    ],
)
def test_a_push_by_key_goes_over_ssh(address: str, by_key: str) -> None:
    assert ssh_address(address) == by_key


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_named_with_the_way_out(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "-q")
    save(tmp_path, "feat: a")
    for path in (tmp_path, tmp_path / ".git"):
        os.chown(path, 1001, 1001)

    with pytest.raises(ServiceError, match="dubious ownership") as caught:
        Git(tmp_path).head()

    assert "git config --global --add safe.directory" in caught.value.fix


@pytest.mark.parametrize(
    "ask",
    [
        Git.head,
        Git.is_shallow,
        Git.remote_refs,
        Git.written_address,
        lambda clone: clone.commit_of("HEAD~1"),
    ],
)
def test_a_folder_that_is_no_repository_is_called_so(
    tmp_path: Path, ask: Callable[[Git], object]
) -> None:
    with pytest.raises(UsageError, match=f"{tmp_path} is no git repository"):
        ask(Git(tmp_path))
