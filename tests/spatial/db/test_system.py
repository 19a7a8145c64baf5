"""Root in a folder that another user owns: it writes there, and nowhere else."""

import os
import pwd
import stat
import subprocess
import sys

import pytest

from spatial.db.system import SYSTEM_USER, open_private, write_private
from spatial.errors import Misconfigured
from spatial.settings import PROJECT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give files away")


@pytest.fixture
def folder(tmp_path):
    """Give a folder of the system user."""
    one = tmp_path / "cluster"
    one.mkdir()
    if os.geteuid() == 0:
        user = pwd.getpwnam(SYSTEM_USER)
        os.chown(one, user.pw_uid, user.pw_gid)
    return one


def test_a_file_is_private_from_its_first_byte_on(folder):
    path = folder / ".pw"
    path.write_text("somewhat longer", encoding="utf-8")
    path.chmod(0o644)
    with open_private(path) as file:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text(encoding="utf-8") == ""
        file.write("secret")
    assert path.read_text(encoding="utf-8") == "secret"


def test_the_umask_opens_nothing(folder):
    before = os.umask(0)
    try:
        write_private(folder / ".pw", "secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / ".pw").stat().st_mode) == 0o600


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_link_is_not_followed(folder, tmp_path, make):
    target = tmp_path / "precious"
    target.write_text("kept", encoding="utf-8")
    target.chmod(0o644)
    make(target, folder / "shikong.conf")
    with pytest.raises(Misconfigured, match=r"shikong\.conf is not a plain file"):
        write_private(folder / "shikong.conf", "lost")
    assert target.read_text(encoding="utf-8") == "kept"
    assert (target.stat().st_uid, stat.S_IMODE(target.stat().st_mode)) == (os.geteuid(), 0o644)


def test_a_link_to_nothing_makes_nothing(folder, tmp_path):
    (folder / ".pw").symlink_to(tmp_path / "made")
    with pytest.raises(Misconfigured):
        write_private(folder / ".pw", "secret")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_or_a_folder_is_no_file(folder, make):
    make(folder / "lock")
    with pytest.raises(Misconfigured, match="not a plain file"):
        write_private(folder / "lock", "x")


@needs_root
def test_a_folder_that_leads_into_roots_own_is_refused(folder, tmp_path):
    (tmp_path / "etc").mkdir()
    (folder / "data").symlink_to(tmp_path / "etc")
    with pytest.raises(Misconfigured, match="does not belong to postgres"):
        write_private(folder / "data" / "shikong.conf", "x")
    assert not any((tmp_path / "etc").iterdir())


@needs_root
def test_the_system_user_gets_the_file_unless_it_is_roots_own(folder):
    write_private(folder / "given", "x")
    with open_private(folder / "kept", give=False) as file:
        file.write("x")
    assert (folder / "given").owner() == SYSTEM_USER
    assert (folder / "kept").stat().st_uid == 0


def test_the_way_to_the_database_needs_no_models():
    line = "import sys, spatial.db.access; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], cwd=PROJECT, check=False).returncode == 0
