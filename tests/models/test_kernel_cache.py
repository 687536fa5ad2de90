"""Folders of compiled kernels: those of other states of the sources are removed, but only when long unused."""

import os
from pathlib import Path

from models.kernel import UNUSED_DAYS, tidy


def _folder(parent: Path, name: str, days: float) -> Path:
    """A folder with a file in it, last used so many days before the current one is."""
    folder = parent / name
    folder.mkdir()
    (folder / "run.nbc").write_bytes(b"machine code")
    used = parent.stat().st_mtime - days * 86400.0
    os.utime(folder, (used, used))
    return folder


def test_only_our_own_long_unused_folders_go(tmp_path: Path) -> None:
    current = tmp_path / "kernels-0123456789abcdef"
    old = _folder(tmp_path, "kernels-00000000000000aa", UNUSED_DAYS + 1)
    young = _folder(tmp_path, "kernels-00000000000000bb", UNUSED_DAYS - 1)
    other = _folder(tmp_path, "kernels-of-somebody-else", UNUSED_DAYS + 100)
    elsewhere = _folder(tmp_path, "models", UNUSED_DAYS + 100)
    link = tmp_path / "kernels-00000000000000cc"
    link.symlink_to(elsewhere)
    assert tidy(current) == (old,)
    assert not old.exists()
    assert all(folder.exists() for folder in (current, young, other, elsewhere / "run.nbc", link))


def test_the_current_folder_stays_however_old(tmp_path: Path) -> None:
    current = _folder(tmp_path, "kernels-0123456789abcdef", UNUSED_DAYS + 100)
    assert tidy(current) == ()
    assert (current / "run.nbc").exists()


def test_a_place_that_can_not_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert tidy(tmp_path / "file" / "kernels-0123456789abcdef") == ()
