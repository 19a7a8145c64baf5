"""The commands as a person types them: ``./run`` and ``shikong``, with their processes, files and last words."""

import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from spatial.db.access import cluster_of, current_access
from spatial.settings import PROJECT, Settings
from tests.cities import STATE
from tests.server import free_port

RUN = PROJECT / "run"
ANSWER_TIMEOUT_S = 60


def bash(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run lines of bash after the functions of ``run``."""
    return subprocess.run(
        ["bash", "-c", f'source "{RUN}"\n{script}'],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


# -- ./run -----------------------------------------------------------------------------------------------


def test_help_names_every_command_and_needs_nothing():
    done = subprocess.run([RUN, "help"], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    for word in ("up", "down", "doctor", "status", "test", "lint", "format", "bench", "lock", "shell"):
        assert re.search(rf"\b{word}\b", done.stdout), word


def test_ci_runs_what_everybody_runs():
    script = (PROJECT / ".ci/run").read_text(encoding="utf-8")
    assert "./run test" in script
    assert "export CI=1" in script
    assert os.access(PROJECT / ".ci/run", os.X_OK)
    assert os.access(RUN, os.X_OK)


@pytest.mark.parametrize("command", ["down", "status", "doctor"])
def test_without_an_installation_the_command_is_named(tmp_path, command):
    done = subprocess.run(
        [RUN, command],
        env={**os.environ, "SHIKONG_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "./run up" in done.stderr


@pytest.mark.parametrize(("mode", "passes"), [(0o755, True), (0o711, True), (0o700, False), (0o750, False)])
def test_a_closed_folder_is_noticed(tmp_path, mode, passes):
    tmp_path.chmod(mode)
    script = (
        f'stat() {{ [ "$3" = "{tmp_path}" ] && command stat "$@" || echo 755; }}; passable "{tmp_path}" && echo yes'
    )
    assert ("yes" in bash(script).stdout) is passes


def test_root_in_a_closed_folder_keeps_its_state_elsewhere(tmp_path):
    project = tmp_path / "closed/city"
    project.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    done = bash(
        f'id() {{ echo 0; }}; PROJECT="{project}"; STATE="$PROJECT/.state"; ELSEWHERE="{tmp_path}/lib"; state_folder',
        SHIKONG_STATE_DIR="",
    )
    assert done.returncode == 0, done.stderr
    target = (project / ".state").readlink()
    assert re.fullmatch(r"city-[0-9a-f]{8}", target.name)
    assert (target / "logs").is_dir()
    assert stat.S_IMODE((target / "logs").stat().st_mode) == 0o700


MISSING = 'MISSING=(postgresql chromium); STATE="$(mktemp -d)"; id() { echo 1000; }'


def test_a_plain_user_without_sudo_gets_the_line_for_the_administrator():
    without_sudo = 'command() { [ "${2:-}" != sudo ] && builtin command "$@"; }'
    done = bash(f"{MISSING}; {without_sudo}; apt_install test")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install --no-install-recommends postgresql chromium" in done.stderr


def test_another_system_than_debian_is_told_what_it_needs():
    without_apt = 'command() { [ "${2:-}" != apt-get ] && builtin command "$@"; }'
    done = bash(f"{MISSING}; {without_apt}; apt_install test")
    assert done.returncode == 1
    assert "PostGIS >= 3.3" in done.stderr
    assert "DATABASE_URL" in done.stderr


def test_an_old_python_is_told():
    done = bash("VENV=/nowhere; PYTHONS=(false); find_python")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_a_database_of_your_own_needs_no_server_here():
    script = 'apt_install() { echo "${MISSING[*]}"; }; pg_major() { echo 0; }; system_packages up'
    assert "postgresql" in bash(script, DATABASE_URL="").stdout
    assert "postgresql" not in bash(script, DATABASE_URL="postgresql://db/city").stdout


def test_a_failed_install_shows_the_end_of_its_log(tmp_path):
    done = bash(f'STATE="{tmp_path}"; mkdir "$STATE/logs"; logged pip bash -c "echo no such wheel; exit 3"')
    assert done.returncode == 1
    assert "no such wheel" in done.stderr
    assert "logs/pip.log" in done.stderr


def test_when_all_is_there_nothing_is_installed():
    script = """
      logged() { :; }; project_in_venv() { :; }; find_python
      STATE="$(mktemp -d)"; VENV="$STATE/venv"; mkdir -p "$VENV/bin" "$STATE/web"
      ln -s "$(type -P true)" "$VENV/bin/python"; printf %s "$VENV" >"$VENV/.shikong-home"; find_python
      python_packages requirements-dev.lock; web_assets
      logged() { echo INSTALLED "$@"; }
      find_python; python_packages requirements.lock; python_packages requirements-dev.lock; web_assets
      echo DONE
    """
    done = bash(script)
    assert "DONE" in done.stdout, done.stderr
    assert "INSTALLED" not in done.stdout


def test_the_map_may_fail_for_a_person_and_not_for_a_test(tmp_path):
    script = f"""
      STATE="{tmp_path}"; state_folder; system_packages() {{ :; }}; python_packages() {{ :; }}
      npm() {{ :; }}; logged() {{ die "no registry"; }}
    """
    for _ in range(2):
        done = bash(f"{script}\nready up requirements.lock; echo GOES ON")
        assert "GOES ON" in done.stdout
        assert "no registry" in done.stderr
    done = bash(f"{script}\nready test requirements.lock; echo GOES ON")
    assert done.returncode == 1
    assert "GOES ON" not in done.stdout


# -- shikong ---------------------------------------------------------------------------------------------


class Installation:
    """A state folder with a port of its own, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("SHIKONG_", "DATABASE_"))},
            "SHIKONG_STATE_DIR": str(folder),
            "SHIKONG_PORT": str(self.port),
        }

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "from api.cli.main import main; main()", *words],
            cwd=PROJECT,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **variables: str) -> tuple[int, str, str]:
        process = self.start(*words, **variables)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def wait(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(f"{self.url}/conformance", timeout=5)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        process.kill()
        raise AssertionError(process.communicate())

    def left_behind(self) -> list[str]:
        """Return the command lines of processes that still belong to this installation."""
        return [
            " ".join(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline", "environ", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and (
                str(self.folder) in " ".join(process.info["cmdline"] or [])
                or (process.info["environ"] or {}).get("SHIKONG_STATE_DIR") == str(self.folder)
            )
        ]


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    STATE.mkdir(parents=True, exist_ok=True)
    folder = STATE / f"up_{os.getpid()}"
    one = Installation(folder)
    yield one
    one.run("down")
    subprocess.run(["rm", "-rf", folder], check=True)


def test_up_in_the_background_then_again_then_status_doctor_and_down(installation):
    code, out, err = installation.run("up", "--detach", "--sample", "none")
    assert code == 0, err
    assert installation.url in out
    assert httpx.get(f"{installation.url}/conformance").status_code == 200

    code, out, _ = installation.run("up")
    assert (code, installation.url in out) == (0, True)

    code, out, _ = installation.run("status")
    assert (code, installation.url in out) == (0, True)

    _, out, _ = installation.run("doctor")
    assert "✓ 数据库结构 migrations" in out
    assert "✓ 网站 server" in out

    assert installation.run("down")[0] == 0
    assert installation.left_behind() == []
    assert installation.run("status")[0] == 1
    assert installation.run("down")[0] == 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_in_the_foreground_ends_with_all_its_processes(installation, end):
    process = installation.start("up", "--sample", "none")
    installation.wait(process)
    if end is signal.SIGINT:
        os.killpg(process.pid, end)  # as the terminal does on Ctrl-C
    else:
        process.send_signal(end)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert installation.url in out
    assert "Traceback" not in err
    assert installation.left_behind() == []


def test_workers_end_when_their_supervisor_is_killed(installation):
    code, _, err = installation.run("up", "--detach", "--sample", "none")
    assert code == 0, err
    note = (installation.folder / "server.json").read_text(encoding="utf-8")
    family = psutil.Process(int(re.findall(r'"pid": (\d+)', note)[0]))
    workers = family.children(recursive=True)
    assert len(workers) >= 2
    family.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    assert installation.run("status")[0] == 1
    assert installation.run("up", "--detach", "--sample", "none")[0] == 0
    assert installation.run("down")[0] == 0


def test_ctrl_c_while_the_sample_is_written_leaves_nothing_of_it_and_the_next_up_completes(installation):
    process = installation.start("up", "--sample", "demo")
    assert process.stdout
    assert any("building the sample city" in line for line in process.stdout)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert installation.left_behind() == []

    # The smallest will do to see that nothing is in its way.
    code, out, err = installation.run("up", "--detach", "--sample", "small")
    assert code == 0, err
    assert "示例城市已就绪" in out
    answer = httpx.get(f"{installation.url}/collections/buildings/items", params={"limit": "1"}).json()
    assert answer["numberReturned"] == 1
    assert installation.run("down")[0] == 0


def test_one_server_for_an_installation_on_whatever_port(installation):
    assert installation.run("up", "--detach", "--sample", "none")[0] == 0
    note = (installation.folder / "server.json").read_text(encoding="utf-8")
    code, _, err = installation.run("serve", SHIKONG_PORT=str(free_port()))
    assert code == 1
    assert err.startswith(f"shikong: The server runs already: {installation.url}")
    assert err.count("\n") == 1
    assert (installation.folder / "server.json").read_text(encoding="utf-8") == note
    assert installation.run("down")[0] == 0
    assert installation.left_behind() == []


def test_two_at_once_share_one_server_and_the_second_ends_nothing(installation):
    first, second = (installation.start("up", "--sample", "none") for _ in range(2))
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline and first.poll() is None and second.poll() is None:
        time.sleep(0.1)
    guest, host = (first, second) if first.poll() is not None else (second, first)
    out, err = guest.communicate(timeout=10)
    assert guest.returncode == 0, err
    assert installation.url in out
    assert httpx.get(f"{installation.url}/conformance").status_code == 200
    host.send_signal(signal.SIGTERM)
    _, err = host.communicate(timeout=60)
    assert host.returncode == 0, err
    assert installation.left_behind() == []


def test_a_database_that_ran_before_runs_on_afterwards(installation):
    cluster = cluster_of(Settings(state_dir=installation.folder))
    cluster.start()
    try:
        process = installation.start("up", "--sample", "none")
        installation.wait(process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert cluster.is_running()
    finally:
        cluster.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
def test_another_user_is_told_in_one_line(installation):
    assert installation.run("up", "--detach", "--sample", "none")[0] == 0
    nobody = pwd.getpwnam("nobody")
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli.main import main; main()", "down"],
        cwd=PROJECT,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )
    assert done.returncode == 1
    assert re.fullmatch(r"shikong: No permission for .*another user.*\n", done.stderr), done.stderr
    assert installation.run("status")[0] == 0
    assert installation.run("down")[0] == 0


def test_a_taken_port_is_told_with_another(installation):
    other = Installation(installation.folder.with_name("up_nothing"))
    assert installation.run("up", "--detach", "--sample", "none")[0] == 0
    code, _, err = other.run("up", SHIKONG_PORT=str(installation.port))
    assert code == 1
    assert err.count("\n") == 1
    assert f"SHIKONG_PORT={installation.port + 1}" in err
    subprocess.run(["rm", "-rf", other.folder], check=True)
    assert installation.run("down")[0] == 0


@pytest.mark.parametrize(
    ("words", "variables", "sentence"),
    [
        (("status",), {"SHIKONG_PORT": "x"}, "SHIKONG_PORT cannot be used"),
        (("up",), {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/city"}, "DATABASE_URL does not answer"),
        (("serve",), {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/city"}, "database does not answer"),
        (("serve",), {"SHIKONG_STATE_DIR": "/nonexistent"}, "./run up"),
    ],
)
def test_a_failure_is_one_line(installation, words, variables, sentence):
    code, _, err = installation.run(*words, **variables)
    assert code == 1
    assert err.startswith("shikong: ")
    assert err.count("\n") == 1
    assert sentence in err


def test_version(installation):
    assert re.fullmatch(r"shikong \d+\.\d+\.\d+\n", installation.run("--version")[1])


def test_an_existing_database_is_served_and_never_stopped(installation, empty_city):
    code, _, err = installation.run("up", "--detach", "--sample", "none", DATABASE_URL=empty_city.owner_url)
    assert code == 0, err
    assert httpx.get(f"{installation.url}/conformance").status_code == 200
    assert installation.run("down", DATABASE_URL=empty_city.owner_url)[0] == 0
    with psycopg.connect(empty_city.owner_url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_the_state_folder_holds_the_database(installation):
    settings = Settings(state_dir=installation.folder)
    assert str(installation.folder) in current_access(settings).owner_url
