"""Starts our programs without their imports, which are most of a short run: as forks of a process that has them.

Each is a process of its own, with the arguments, environment, folder, streams and end that the test gives it. What the
interpreter or a package reads while it starts (a locale, `PYTHONPATH`, a log level) is as it was for the first one:
tests of the start itself start the program anew.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from signal import SIGKILL
from typing import Any, NamedTuple

from connector_kit.process.memory import freeze_imports, share_one_heap

ROOT = Path(__file__).resolve().parents[1]
_PROGRAMS = ("source-talentics", "source-talentio", "tap-talentics", "tap-talentio")


class Ended(NamedTuple):
    """How a program ended: its exit code, negative for a signal, what it wrote, and the most memory that it held."""

    exit_code: int
    stdout: str
    stderr: str
    peak: int


def is_ours(command: Sequence[str], env: Mapping[str, str] | None) -> bool:
    """Whether a command is one of our programs, and nothing that the interpreter itself reads is set for it."""
    path = Path(command[0])
    is_installed = path.name in _PROGRAMS and path.parent == Path(sys.executable).parent
    return is_installed and not any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {})


def run_warm(command: Sequence[str], cwd: Path | None, environment: Mapping[str, str], patience: float) -> Ended:
    """Run one of our programs to its end, one at a time: two that must run side by side start anew.

    Raises:
        subprocess.TimeoutExpired: it did not end within `patience` seconds.
        RuntimeError: the imports failed; why stands on stderr.
    """
    with tempfile.TemporaryDirectory() as folder, _lock:
        stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
        order = {
            "argv": list(command),
            "cwd": str(cwd or os.getcwd()),
            "environment": dict(environment),
            "streams": [os.devnull, str(stdout), str(stderr)],
        }
        code, peak = _server_for(Path(command[0]).name.partition("-")[0]).run(order, patience)
        return Ended(code, stdout.read_text(encoding="utf-8"), stderr.read_text(encoding="utf-8"), peak)


class _Server:
    """The process that has the imports of all sources, or of all taps: those set up another log."""

    def __init__(self, kind: str) -> None:
        # Its end of the pipe tells it that we are gone, even where we were killed.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "integration_tests.warm_programs", kind],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self._close)

    def run(self, order: Mapping[str, Any], patience: float) -> tuple[int, int]:
        """Have a program run. Returns its exit code, and the most memory that it held as `ru_maxrss` counts it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # A server that could not import is gone by now; that no answer comes says so.
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        timer = threading.Timer(patience, self._kill)
        timer.start()
        try:
            answer = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not answer:
            _running.clear()
            if (code := self._process.wait()) != -SIGKILL:
                raise RuntimeError(f"The process that has the imports ended with {code}: see its own words on stderr.")
            raise subprocess.TimeoutExpired(order["argv"], patience)
        code, peak = map(int, answer.split())
        return code, peak

    def _close(self) -> None:
        with suppress(BrokenPipeError):
            self._process.communicate()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, SIGKILL)


_lock = threading.Lock()
_running: dict[str, _Server] = {}


def _server_for(kind: str) -> _Server:
    if kind not in _running:
        _running[kind] = _Server(kind)
    return _running[kind]


def _serve(kind: str) -> Callable[[], object]:
    """Fork for each order, and tell how the program ended. In the fork, returns what the program runs."""
    if kind == "tap":
        import_module("connector_kit.singer.program")
        import_module("connector_kit.singer.output").import_source()
    else:
        # As `connector_kit.airbyte.program` does: how garbage is collected decides how much memory a program holds.
        share_one_heap()
        with freeze_imports():
            import_module("connector_kit.airbyte.commands")
    for line in iter(sys.stdin.buffer.readline, b""):
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            return _program(order)
        _, status, usage = os.wait4(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}\n".encode())
    sys.exit()


def _program(order: Mapping[str, Any]) -> Callable[[], object]:
    """Turn this process into the one that was ordered. Returns what its script would call."""
    flags = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2)
    for number, (path, flag) in enumerate(zip(order["streams"], flags, strict=True)):
        opened = os.open(path, flag, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = order["argv"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    (script,) = entry_points(group="console_scripts", name=Path(sys.argv[0]).name)
    main: Callable[[], object] = script.load()
    return main


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1])())  # type: ignore[arg-type]  # as an installed script does
