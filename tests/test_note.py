"""The note of the running server: found while it lives, and touched by nobody else."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api.cli.note import Running, claim, forget, running
from spatial.errors import Conflict
from spatial.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", port=8123)


@pytest.fixture
def other(settings: Settings) -> Iterator[Running]:
    """Give a server that is another process."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        one = Running(process.pid, psutil.Process(process.pid).create_time(), "127.0.0.1", 8001)
        settings.state_dir.mkdir(parents=True)
        (settings.state_dir / "server.json").write_text(json.dumps(dataclasses.asdict(one)), encoding="utf-8")
        yield one
        process.kill()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("city.example", "http://city.example:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("fd00::7", "http://[fd00::7]:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_reads(host, url):
    assert Running(1, 0.0, host, 8000).url == url


def test_who_claims_is_found_until_it_is_forgotten(settings):
    me = claim(settings)
    assert me.pid == os.getpid()
    assert running(settings) == me
    assert claim(settings) == me
    forget(settings, me)
    forget(settings, me)
    assert running(settings) is None


def test_a_second_server_is_refused(settings, other):
    with pytest.raises(Conflict, match=rf"runs already: {other.url}, pid {other.pid}.*\./run down"):
        claim(settings)
    assert running(settings) == other


def test_anothers_note_stays(settings, other):
    forget(settings, dataclasses.replace(other, pid=os.getpid()))
    assert running(settings) == other


def test_the_note_of_a_dead_server_is_no_hindrance(settings, other):
    psutil.Process(other.pid).kill()
    psutil.wait_procs([psutil.Process(other.pid)], timeout=5)
    assert running(settings) is None
    assert claim(settings).pid == os.getpid()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1'])
def test_a_broken_note_counts_for_nothing(settings, text):
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "server.json").write_text(text, encoding="utf-8")
    assert running(settings) is None
