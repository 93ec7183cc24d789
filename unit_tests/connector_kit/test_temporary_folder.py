"""A program's temporary folder is gone when the program is, also where a signal meets it half made."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from connector_kit import temporary
from connector_kit.temporary import own_temporary_folder, remove


class Told(Exception):
    """The signal, as a program's handler raises it."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made; nobody has asked Python for it yet, and SIGTERM raises."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def tell(_: int, __: object) -> NoReturn:
        raise Told

    before = signal.signal(signal.SIGTERM, tell)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def test_what_is_made_inside_goes_with_it(place: Path) -> None:
    with own_temporary_folder():
        inside = Path(tempfile.mkdtemp())
        (inside / "file").write_text("something", encoding="utf-8")
        (folder,) = place.iterdir()
        assert inside.parent == folder
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


def signalled(called: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with a signal that comes when its work is done and nobody knows of it yet."""

    def call(*args: Any, **kwargs: Any) -> Any:
        result = called(*args, **kwargs)
        signal.raise_signal(signal.SIGTERM)
        return result

    return call


@pytest.mark.parametrize("function", ["mkdtemp", "_get_default_tempdir"])
def test_a_signal_while_it_is_made_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    monkeypatch.setattr(tempfile, function, signalled(getattr(tempfile, function)))
    with pytest.raises(Told), own_temporary_folder():
        pytest.fail("the signal is not held back any longer than the folder takes")
    assert list(place.iterdir()) == []


def test_a_signal_while_it_is_removed_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def remove(folder: str, **options: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        removed(folder, **options)

    removed = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", remove)
    with pytest.raises(Told), own_temporary_folder():
        tempfile.mkdtemp()
    assert list(place.iterdir()) == []


def test_a_signal_just_before_it_is_removed_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the block is over, but signals are not held back yet."""
    held = temporary.signals_held
    moments: Iterator[Callable[[], None]] = iter([nothing, lambda: signal.raise_signal(signal.SIGTERM), nothing])

    def signals_held() -> AbstractContextManager[None]:
        next(moments)()
        return held()

    monkeypatch.setattr(temporary, "signals_held", signals_held)
    with pytest.raises(Told), own_temporary_folder():
        tempfile.mkdtemp()
    assert list(place.iterdir()) == []
    assert list(moments) == []


def nothing() -> None:
    """No signal comes."""


def test_where_nothing_can_be_written_the_error_is_pythons_own(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place / "nowhere"))
    with pytest.raises(FileNotFoundError), own_temporary_folder():
        pytest.fail("there is no folder")


def test_both_folders_go_before_the_block_ends(place: Path) -> None:
    """A process that is killed later leaves none of them."""
    with own_temporary_folder():
        remove(tempfile.mkdtemp())
        assert list(place.iterdir()) == []
        # Whatever still wants a folder gets it where it would without us.
        assert tempfile.gettempdir() == str(place)


def test_no_folder_of_somebody_else_goes(place: Path) -> None:
    """Where the source runs inside another program."""
    remove(tempfile.mkdtemp())
    assert place.is_dir()
    assert list(place.iterdir()) == []
