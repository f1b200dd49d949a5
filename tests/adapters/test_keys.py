from pathlib import Path

import pytest

from monokeel.adapters.machine import Keys
from monokeel.adapters.process import run
from monokeel.ground.errors import ServiceError, UsageError


def test_a_key_pair_is_made_once_and_read_again(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "deep" / "key", root=tmp_path / "shop")
    assert keys.public_key() is None

    made = keys.create("monokeel acme/shop")

    assert made.startswith("ssh-ed25519 AAAA")
    assert keys.public_key() == made
    assert Path(keys.file).stat().st_mode & 0o777 == 0o600


def test_a_lost_public_file_does_no_harm(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "key", root=tmp_path / "shop")
    made = keys.create("monokeel acme/shop")
    (tmp_path / "key.pub").unlink()

    assert keys.public_key() == made


@pytest.mark.parametrize("inside", ["key", "deep/key", "../shop/key"])
def test_a_file_in_the_repository_is_refused(tmp_path: Path, inside: str) -> None:
    root = tmp_path / "shop"

    with pytest.raises(UsageError, match="inside the repository"):
        Keys(root / inside, root=root)


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        Keys(tmp_path, root=tmp_path / "shop")


@pytest.mark.parametrize(
    ("spoiled", "helps"),
    [
        ("cut short", "copy it again"),
        ("of another kind", "copy it again"),
        ("with line ends of Windows", "copy it again"),
        ("open to all", "chmod 600 "),
        ("with a passphrase", "ssh-keygen -p -f "),
    ],
)
def test_a_file_that_is_no_readable_key_is_told_with_what_helps(
    tmp_path: Path, spoiled: str, helps: str
) -> None:
    keys = Keys(tmp_path / "a key", root=tmp_path / "shop")
    public = keys.create("monokeel acme/shop")
    file = Path(keys.file)
    if spoiled == "open to all":
        file.chmod(0o644)
    elif spoiled == "with a passphrase":
        run(["ssh-keygen", "-p", "-P", "", "-N", "s3cret", "-f", str(file)])
    elif spoiled == "with line ends of Windows":
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    else:
        file.write_text("" if spoiled == "cut short" else public)

    with pytest.raises(ServiceError, match="private key cannot be read") as caught:
        keys.public_key()

    assert helps in caught.value.fix
    named = f"'{file}'; else" in caught.value.fix
    assert named is ("copy" not in helps)
    assert "else move it away, then ./inv init makes another" in caught.value.fix


@pytest.mark.parametrize(
    ("place", "says"), [("/dev/null", "is no file"), ("/dev/null/key", "is no folder")]
)
def test_where_no_key_can_be_is_wrong_use(
    tmp_path: Path, place: str, says: str
) -> None:
    with pytest.raises(UsageError, match=f"/dev/null {says}"):
        Keys(Path(place), root=tmp_path / "shop")


def test_a_folder_that_cannot_be_made_is_wrong_use(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "taken/key", root=tmp_path / "shop")
    (tmp_path / "taken").write_text("")

    with pytest.raises(UsageError, match="taken cannot be made: File exists"):
        keys.create("monokeel acme/shop")
