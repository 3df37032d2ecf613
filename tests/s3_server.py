"""A real S3 server, SeaweedFS, with a key a user; what stands before one, and what one says."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from resources.configuration.home import CHECKOUT
from resources.embedded.ports import LOOPBACK, free_port

WEED = CHECKOUT / ".venv" / "bin" / "weed"
BUCKET = "calls"
KEY, SECRET = "AKCALLHOUSE", "a-secret-that-nobody-shows"
READER, READERS_SECRET = "AKREADER", "another-secret-that-nobody-shows"
ADMIN, ADMINS_SECRET = "AKADMIN", "the-administrators"
USERS = {
    KEY: (SECRET, [f"{action}:{BUCKET}" for action in ("Read", "Write", "List")]),
    READER: (READERS_SECRET, [f"{action}:{BUCKET}" for action in ("Read", "List")]),
    ADMIN: (ADMINS_SECRET, ["Admin", "Read", "Write", "List"]),
}
STARTED_S = 60


@dataclass(frozen=True)
class S3Server:
    """A server at work, with one bucket."""

    endpoint: str

    @property
    def bucket(self) -> Any:
        """As its administrator has it."""
        from obstore.store import S3Store

        config: Any = {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": ADMIN,
            "secret_access_key": ADMINS_SECRET,
        }
        return S3Store(BUCKET, config=config, client_options={"allow_http": True})

    def objects(self) -> dict[str, int]:
        """Sizes by key."""
        import obstore

        found = (one for part in obstore.list(self.bucket) for one in part)
        return {one["path"]: one["size"] for one in found}

    def empty(self) -> None:
        """Deletes what others have left in the bucket."""
        import obstore

        for key in self.objects():
            obstore.delete(self.bucket, key)

    def content(self, key: str) -> bytes:
        """Of an object."""
        import obstore

        return bytes(obstore.get(self.bucket, key).bytes())


def environment_of(endpoint: str, key: str = KEY, secret: str = SECRET) -> dict[str, str]:
    """AWS' own variables, as an operator sets them."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Starts it, makes the bucket, and ends it."""
    users = [
        {"name": key, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for key, (secret, actions) in USERS.items()
    ]
    (folder / "users.json").write_text(json.dumps({"identities": users}), encoding="utf-8")
    names = ("master.port", "volume.port", "filer.port", "s3.port")
    ports = {f"{name}{kind}": free_port() for name in names for kind in ("", ".grpc")}
    command: list[str | Path] = [
        WEED, "server", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-dir={folder}", "-filer",
        "-s3", f"-s3.config={folder / 'users.json'}", "-volume.max=20",
        "-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-master.telemetry=false",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = S3Server(f"http://{LOOPBACK}:{ports['s3.port']}")
        _make_bucket(server, process)
        yield server
    finally:
        process.kill()
        process.wait()
        for port in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink()


def _make_bucket(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    """It makes a bucket for an administrator who puts something there, once it is up."""
    import obstore

    deadline = time.monotonic() + STARTED_S
    while True:
        try:
            obstore.put(server.bucket, "first", b"x")
            obstore.delete(server.bucket, "first")
            return
        except Exception:  # noqa: BLE001 - whatever a server does that isn't up yet
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline
            time.sleep(0.1)


@dataclass(frozen=True)
class Told:
    """What a server says to every request; without a status it says nothing."""

    status: int | None = None
    code: str = ""
    headers: Mapping[str, str] | None = None


@contextmanager
def says(told: Told) -> Iterator[str]:
    """The address of a server that does; what it echoes of a request is a secret."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if told.status is None:
                over.wait(60)
                return
            echoed = self.headers.get("authorization", "")
            body = f"<Error><Code>{told.code}</Code><Message>{echoed}</Message></Error>".encode()
            self.send_response(told.status)
            for name, value in (told.headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_DELETE = do_PUT  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    over = threading.Event()
    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Way:
    """A way to a server that carries so many bytes on each connection. Then this breaks, or it is
    `held` without a word.
    """

    server: str
    most: int
    holds: bool = False
    held: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self) -> Iterator[str]:
        """Its address."""
        listener = socket.create_server((LOOPBACK, 0))
        thread = threading.Thread(target=self._accept, args=(listener,))
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            self._over.set()
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        host, port = self.server.rpartition("//")[2].split(":")
        with client, socket.create_connection((host, int(port))) as server, suppress(OSError):
            threading.Thread(target=_copy, args=(server, client, None), daemon=True).start()
            if _copy(client, server, self.most) and self.holds:
                self.held.set()
                self._over.wait()


def _copy(source: socket.socket, target: socket.socket, most: int | None) -> bool:
    """Until it ends, or after so many bytes; whether it was these."""
    left = most
    with suppress(OSError):
        while left != 0 and (data := source.recv(65536 if left is None else min(left, 65536))):
            target.sendall(data)
            left = None if left is None else left - len(data)
    return left == 0
