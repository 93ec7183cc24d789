"""The engine that builds and runs images on this machine: docker, podman, or buildah to build with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.processes import ROOT

# What each has to answer before it is taken at its word that it is there: a client alone builds nothing.
_QUESTIONS = {"docker": ("version", "--format", "{{.Server.Version}}"), "podman": ("info",), "buildah": ("info",)}
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class NoEngine(Exception):
    """None of them can be used; the text says of each why."""


@dataclass(frozen=True)
class Engine:
    """A program that builds images and, but for buildah, runs them."""

    name: str

    @property
    def path(self) -> str:
        """Where it is."""
        return str(shutil.which(self.name))

    def build(self, source: str, *options: str) -> str:
        """Build the image of a source, with the certificates that this machine trusts.

        Returns:
            Its name.
        """
        image = f"localhost/image-test/source-{source}:latest"
        arguments = ["--network=host", f"--build-arg=CONNECTOR=source-{source}", f"--tag={image}", *options]
        if _CERTIFICATES.exists():
            arguments.append(f"--secret=id=certificates,src={_CERTIFICATES}")
        # What the caller's index, base or builder needs, as in IMAGE_ARGS='--build-arg BASE=…'.
        arguments += os.environ.get("IMAGE_ARGS", "").split()
        done = subprocess.run(
            [self.name, "build", *arguments, str(ROOT)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:]
        return image

    def ask(self, *arguments: str) -> str:
        """Run a command of the engine, and return what it says."""
        return subprocess.run([self.name, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    def inspect(self, image: str) -> dict[str, Any]:
        """Return what the engine knows of an image."""
        (described,) = json.loads(self.ask("image", "inspect", image))
        return dict(described)

    def command(self, image: str, *options: str) -> list[str]:
        """The command that runs an image as a platform does.

        A user whom it does not know, nothing to write to, no rights, little memory; on this machine's network, where
        the sandbox is.
        """
        safe = ["--user=12345:0", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--security-opt=label=disable"]
        safe += ["--memory=256m", "--read-only"]
        if self.name == "podman":
            # It would put folders to write to into it.
            safe.append("--read-only-tmpfs=false")
        return [self.name, "run", "--rm", "--pull=never", "--network=host", *safe, *options, image]


def find_engine() -> Engine:
    """Return the first that answers, or the one that ENGINE names.

    Raises:
        NoEngine: none does.
    """
    reasons = []
    for name in [os.environ["ENGINE"]] if os.environ.get("ENGINE") else _QUESTIONS:
        if not shutil.which(name):
            reasons.append(f"{name} is not installed")
            continue
        done = subprocess.run([name, *_QUESTIONS[name]], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Engine(name)
        reasons.append(f"{name}: {(done.stderr.strip() or 'no answer').splitlines()[-1]}")
    raise NoEngine("; ".join(reasons))
