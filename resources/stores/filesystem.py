"""Folders, and what else fsspec knows by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from resources.errors import TransientError
from resources.stores.store import Removal
from resources.text import files


class FileSystem:
    """Files below a folder, which is made when it is needed, or below a URL of fsspec's."""

    def __init__(self, url: str) -> None:
        """Raises ImportError, ValueError."""
        import fsspec  # slow to import, and few accounts load audio

        self._files: Any
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")

    @property
    def folder(self) -> Path | None:
        return Path(self._root) if "file" in self._files.protocol else None

    def put(self, file: IO[bytes], path: str, kind: str) -> str:  # noqa: ARG002
        target = f"{self._root}/{path}"
        with _named(target):
            if self.folder:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                Path(file.name).replace(target)
            else:
                self._files.put_file(file.name, target)
        return self._uri(target)

    def write(self, content: bytes, path: str, kind: str) -> str:  # noqa: ARG002
        target = f"{self._root}/{path}"
        with _named(target):
            if self.folder:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                files.write(Path(target), content)
            else:
                self._files.pipe_file(target, content)
        return self._uri(target)

    def read(self, path: str) -> bytes | None:
        target = f"{self._root}/{path}"
        with _named(target):
            try:
                return bytes(self._files.cat_file(target))
            except FileNotFoundError:
                return None

    def exists(self, path: str) -> bool:
        target = f"{self._root}/{path}"
        with _named(target):
            return bool(self._files.exists(target))

    def remove(self, path: str) -> Removal:
        target = f"{self._root}/{path}"
        with _named(target):
            try:
                self._files.rm_file(target)
            except FileNotFoundError:
                return Removal.NOT_THERE
        return Removal.DELETED

    def _uri(self, target: str) -> str:
        return str(self._files.unstrip_protocol(target))


@contextmanager
def _named(target: str) -> Iterator[None]:
    """A full disk or a store that is away passes."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise TransientError(f"{target}: {error}") from None
