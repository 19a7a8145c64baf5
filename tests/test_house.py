"""The rules of the house that a machine can check."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from spatial.settings import PROJECT

MAX_LINES = 450
ROOMS = ["api", "scenarios", "address", "tiles", "remote_sensing", "spatial", "data"]


def tracked() -> list[Path]:
    """Return every file of the project, also those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [PROJECT / name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


def texts() -> dict[str, str]:
    """Return the content of every text file by its name."""
    found = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            found[str(path.relative_to(PROJECT))] = content.decode("utf-8")
    return found


def test_no_python_file_is_longer_than_a_reader_can_hold():
    lengths = {name: text.count("\n") for name, text in texts().items() if name.endswith(".py")}
    assert {name: length for name, length in lengths.items() if length >= MAX_LINES} == {}


# Written apart, so that this file does not find itself.
HOSTS = ["pypi" + ".org", "python" + "hosted", "npm" + "js.org", "npm" + "js.com", "deb.debian" + ".org"]
MACHINE_PATHS = [r"/work" + r"/", r"/root" + r"/", r"/opt/" + r"wheels", r"/home/" + r"[a-z]+/", r"/tmp/" + r"probe"]


@pytest.mark.parametrize("pattern", [*map(re.escape, HOSTS), *MACHINE_PATHS])
def test_no_file_names_a_registry_or_a_path_of_one_machine(pattern):
    guilty = [name for name, text in texts().items() if re.search(pattern, text)]
    assert guilty == []


def test_the_assets_lock_pins_content_and_no_addresses():
    lock = (PROJECT / "api/web/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') >= lock.count('"node_modules/')


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("extra", ["", "dev"])
def test_every_dependency_is_locked_with_hashes(extra):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"]["dev"] if extra else [])
    lock = (PROJECT / f"requirements{'-dev' if extra else ''}.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==\S+ \\$", lock, re.MULTILINE)
    assert {canonical(re.split(r"[\[<>=~! ]", one)[0]) for one in wanted} <= {canonical(pin) for pin in pins}
    assert len(re.findall(r"^[a-zA-Z]", lock, re.MULTILINE)) == len(pins), "a pin without a hash"


def test_programs_and_tests_run_on_the_same_versions():
    pins = [
        dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+) \\$", (PROJECT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0].items() <= pins[1].items()


def test_every_room_says_what_it_is():
    for path in tracked():
        relative = path.relative_to(PROJECT)
        if path.name == "__init__.py" and relative.parts[0] in ROOMS and "versions" not in relative.parts:
            assert path.read_text(encoding="utf-8").startswith('"""'), relative
