"""The embedded server, on the kinds of machines and in the kinds of trouble it has to stand."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from pipelines.commands.database import database
from resources.configuration.home import PRIVATE, Home
from resources.embedded import server_user
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.ports import LOOPBACK
from resources.embedded.server_user import ServerUser
from resources.errors import CallhouseError

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")


@pytest.fixture
def place(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(server_user, "SYSTEM_FOLDER", open_folder / "system")
    return open_folder


@pytest.fixture
def home(place: Path) -> Iterator[Home]:
    home = Home(place / "home")
    yield home
    LocalPostgres(home).stop()


def _kill(server_folder: Path) -> None:
    pid = (server_folder / "data" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)


def _number(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT n FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def _keep(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT %s::int AS n", [number])


def test_data_of_another_major_version_are_left_alone(home: Home) -> None:
    server = LocalPostgres(home)
    server.start()
    server.stop()
    [file] = home.postgres.rglob("data/PG_VERSION")
    file.write_text("17\n")
    with pytest.raises(CallhouseError, match=r"Postgres 17's.*callhouse backup.*callhouse restore"):
        server.start()
    assert file.read_text() == "17\n"


def test_a_command_says_that_all_connections_are_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLHOUSE_HOME", str(home.root))
    monkeypatch.delenv("CALLHOUSE_DATABASE_URL", raising=False)
    url = LocalPostgres(home).start()
    refused = pytest.raises(CallhouseError, match=r"takes no connection, 5 times: .*slots")
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(url))
        with refused, database():
            pass


@pytest.mark.parametrize(
    "content", [b"", b'{"secret": "ab', b"\xff", b"[]", b'{"secret": 7, "port": 1}', b"[" * 50_000]
)
def test_a_memory_that_cant_be_read_is_told_and_left_alone(home: Home, content: bytes) -> None:
    """No new secret would open the server."""
    home.make()
    memory = home.postgres / "server.json"
    memory.write_bytes(content)
    server = LocalPostgres(home)
    for use in (server.start, server.stop, server.url, server.stop_if_unused):
        with pytest.raises(CallhouseError, match=r"server\.json can't be read\. It holds.*secret"):
            use()
    assert memory.read_bytes() == content
    memory.unlink()


def test_data_without_their_memory_get_no_new_one(home: Home) -> None:
    home.make()
    folder = ServerUser.current().folder(home.postgres / "server")
    (folder / "data").mkdir(parents=True)
    with pytest.raises(CallhouseError, match=r"server\.json is gone\. It holds"):
        LocalPostgres(home).start()
    assert not (home.postgres / "server.json").exists()


def test_data_outlive_a_stop_and_the_url_stays(home: Home) -> None:
    server = LocalPostgres(home)
    url = server.start()
    assert url == server.url() == server.start()
    _keep(url, 7)
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        _number(url)
    assert LocalPostgres(home).start() == url
    assert _number(url) == 7


def test_nobody_gets_in_without_the_password(home: Home) -> None:
    url = LocalPostgres(home).start()
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))
    secret = home.postgres / "server.json"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_it_recovers_from_a_kill(home: Home) -> None:
    url = LocalPostgres(home).start()
    _keep(url, 8)
    with psycopg.connect(url):
        _kill(home.postgres / "server")
        assert LocalPostgres(home).start() == url
    assert _number(url) == 8


@pytest.mark.long
def test_a_dead_servers_number_may_be_another_programs_now(home: Home) -> None:
    server = LocalPostgres(home)
    server.start()
    server.stop()
    pid_file = home.postgres / "server" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    server.start()


@pytest.mark.long
def test_it_moves_to_another_port_when_its_own_is_taken(home: Home) -> None:
    server = LocalPostgres(home)
    url = server.start()
    _keep(url, 9)
    server.stop()
    with socket.create_server((LOOPBACK, int(url.split(":")[3].split("/")[0]))):
        moved = server.start()
    assert moved != url
    assert _number(moved) == 9


@pytest.mark.long
def test_several_processes_start_it_at_once(home: Home) -> None:
    program = (
        "import sys; from pathlib import Path; from resources.configuration.home import Home\n"
        "from resources.embedded.local_postgres import LocalPostgres\n"
        "print(LocalPostgres(Home(Path(sys.argv[1]))).start())"
    )
    command = [sys.executable, "-c", program, str(home.root)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    urls = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert urls == {LocalPostgres(home).url()}


def test_it_stops_only_when_nobody_else_is_connected(home: Home) -> None:
    server = LocalPostgres(home)
    assert server.stop_if_unused()
    with psycopg.connect(server.start()):
        assert not server.stop_if_unused()
    assert server.stop_if_unused()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url())


@pytest.mark.long
def test_a_home_may_be_moved(home: Home, place: Path) -> None:
    server = LocalPostgres(home)
    _keep(server.start(), 10)
    server.stop()
    moved = LocalPostgres(Home(home.root.rename(place / "moved")))
    try:
        assert _number(moved.start()) == 10
    finally:
        moved.stop()


def test_a_kill_while_it_is_made_leaves_nothing_that_counts(home: Home) -> None:
    server = LocalPostgres(home)
    server.start()
    server.stop()
    [version] = home.postgres.rglob("data/PG_VERSION")
    data = version.parent
    unfinished = data.rename(data.with_name("data.unfinished"))
    _keep(LocalPostgres(home).start(), 10)
    assert not unfinished.exists()


def test_before_the_first_start_there_is_no_url(home: Home) -> None:
    with pytest.raises(CallhouseError, match="start it first"):
        LocalPostgres(home).url()


@pytest.mark.long
@root_only
def test_root_keeps_data_and_binaries_where_the_servers_user_can_reach_them(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    package = server_user._package()
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, closed / part.name, symlinks=True)
    monkeypatch.setattr(server_user, "_package", lambda: closed / package.name)
    home = Home(closed / "home")
    server = LocalPostgres(home)
    try:
        url = server.start()
        _keep(url, 11)
        _kill(next((place / "system").glob("server-*")))
        assert _number(server.start()) == 11
    finally:
        server.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not (home.postgres / "server").exists()


@root_only
def test_without_an_unprivileged_user_root_is_told_what_to_do(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_user, "USERS_FOR_ROOT", ("no-such-user",))
    with pytest.raises(CallhouseError, match="CALLHOUSE_DATABASE_URL"):
        LocalPostgres(home).start()


def test_what_is_kept_is_its_owners_alone(place: Path) -> None:
    """With the umask of our commands; where root runs it, the server's user gets through."""
    before = os.umask(PRIVATE)
    try:
        home = Home(place / "private")
        LocalPostgres(home).start()
        LocalPostgres(home).stop()
    finally:
        os.umask(before)
    assert (home.postgres / "server" / "data").exists(), "not moved elsewhere"
    for path in (home.root, *home.root.rglob("*")):
        is_way = path in (home.root, home.postgres) and os.geteuid() == 0
        assert path.is_symlink() or path.stat().st_mode & 0o077 == (0o011 if is_way else 0), path


def test_the_server_gets_no_token_in_its_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_WOLKVOX_TOKEN", "s3cr3t")
    LocalPostgres(home).start()
    pid = (home.postgres / "server" / "data" / "postmaster.pid").read_text().split()[0]
    assert "s3cr3t" not in str(psutil.Process(int(pid)).environ())
