"""`make image-test` where nothing builds images."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.image_engines import NoEngine, find_engine


def test_where_no_engine_is_each_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ENGINE", raising=False)
    with pytest.raises(NoEngine) as told:
        find_engine()
    assert str(told.value) == "docker is not installed; podman is not installed; buildah is not installed"


def test_the_one_that_is_asked_for_is_the_only_one_that_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ENGINE", "podman")
    with pytest.raises(NoEngine, match=r"^podman is not installed$"):
        find_engine()
