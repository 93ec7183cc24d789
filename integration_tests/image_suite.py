"""The image of each source, built and run as Airbyte's platform runs it: `make image-test`.

No part of `make test`: it needs an engine (docker or podman; buildah builds only) and the base, from a registry.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConnectorSpecification

from integration_tests.expected_rows import PRIMARY_KEYS
from integration_tests.image_engines import Engine, NoEngine, find_engine
from integration_tests.narrow_windows import CHILD, SIZES, keys_of, told, wanted
from integration_tests.processes import SOURCES, Run, Sandbox, configured, discovered, run, running_sandbox
from integration_tests.standard_runs import outcomes_of

BOTH = pytest.mark.parametrize("source", SOURCES)
AT_MOST = 230_000_000
# As the first process of a container ends that was told to, and as one that was killed because it did not.
ENDED, KILLED = 143, 137


@pytest.fixture(scope="session")
def builder() -> Engine:
    try:
        return find_engine()
    except NoEngine as reasons:
        pytest.skip(f"the image was not built: {reasons}")


@pytest.fixture(scope="session")
def images(builder: Engine) -> Mapping[str, str]:
    """The image of each source."""
    return {source: builder.build(source) for source in SOURCES}


@pytest.fixture(scope="session")
def engine(builder: Engine, images: Mapping[str, str]) -> Engine:
    """An engine that runs what was built."""
    if builder.name == "buildah":
        pytest.skip("the image was built, but not run: buildah has no command for that. Install podman or docker.")
    return builder


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("--no-limits", "--tickets", "20", "--candidates", "30") as running:
        yield running


def shared(folder: Path, **contents: Any) -> list[str]:
    """Options that mount files at /secrets, which nobody may write to; the user of the container is not this one."""
    files = folder / "secrets"
    files.mkdir(exist_ok=True)
    for name, content in contents.items():
        (files / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    files.chmod(0o755)
    for file in files.iterdir():
        file.chmod(0o644)
    return [f"--volume={files}:/secrets:ro"]


# --- what it is ----------------------------------------------------------------------------------------------------


@BOTH
def test_it_is_small_and_says_what_it_is(engine: Engine, images: Mapping[str, str], source: str) -> None:
    described = engine.inspect(images[source])
    settings = described["Config"]
    assert described["Size"] <= AT_MOST
    assert settings["User"] == "1000:1000"
    assert settings["Entrypoint"] == ["/airbyte/connector"]
    assert "AIRBYTE_ENTRYPOINT=/airbyte/connector" in settings["Env"]
    assert settings["Labels"]["io.airbyte.name"] == f"source-{source}"
    assert not [name for name in settings["Env"] if re.match(r"(PIP|UV)_|.*(PROXY|TOKEN|SECRET)", name, re.IGNORECASE)]


def in_shell(engine: Engine, image: str, script: str) -> str:
    command = engine.command(image, "--user=0:0", "--cap-add=DAC_READ_SEARCH", "--entrypoint=sh")
    done = run(command, "-c", script)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_nobody_may_write_to_it_and_nothing_of_this_machine_is_left_in_it(
    engine: Engine, images: Mapping[str, str]
) -> None:
    found = in_shell(
        engine, images["talentio"], "find / -xdev -perm -o+w ! -type l; ls /etc/pip.conf /etc/uv 2>&1 || :"
    )
    lines = [line for line in found.splitlines() if not line.startswith(("/dev", "/proc", "/sys"))]
    assert {line for line in lines if line.startswith("/")} == {"/tmp", "/var/tmp", "/run/lock"}
    assert sum("No such file" in line for line in lines) == 2


# What is in each, and who may do what with it.
ALL_FILES = "".join(
    f"find /airbyte /usr/local /etc /home /root -xdev -type f {action};"
    for action in ("-exec sha256sum {} +", "-printf '%m %U %G %p\\n'")
)
# The engine's own, which differ from run to run.
OF_THE_ENGINE = (" /etc/hostname", " /etc/hosts", " /etc/resolv.conf", " /etc/mtab")


def test_the_same_inputs_give_the_same_files(engine: Engine, images: Mapping[str, str]) -> None:
    first = in_shell(engine, images["talentics"], ALL_FILES).splitlines()
    again = in_shell(engine, engine.build("talentics", "--no-cache"), ALL_FILES).splitlines()
    assert len(first) > 3000
    assert [line for line in set(first) ^ set(again) if not line.endswith(OF_THE_ENGINE)] == []


def test_another_name_is_no_source(builder: Engine) -> None:
    with pytest.raises(AssertionError, match="CONNECTOR must be source-talentics or source-talentio, not 'source-x'"):
        builder.build("x")


# --- its commands --------------------------------------------------------------------------------------------------


@BOTH
def test_all_commands_run_as_the_platform_runs_them(
    engine: Engine, images: Mapping[str, str], sandbox: Sandbox, tmp_path: Path, source: str
) -> None:
    """Read-only, as a user that the image does not know, in 256 MB."""
    image = images[source]
    mounted = shared(tmp_path, config=sandbox.configs[source])
    config = ("--config", "/secrets/config.json")
    spec = run(engine.command(image), "spec")
    spec.assert_clean()
    assert ConnectorSpecification(**spec.of_type("SPEC")[0]["spec"]).connectionSpecification
    check = run(engine.command(image, *mounted), "check", *config)
    check.assert_clean()
    assert check.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"] == "SUCCEEDED"
    streams = discovered(run(engine.command(image, *mounted), "discover", *config))
    assert {stream["name"] for stream in streams} == PRIMARY_KEYS[source].keys()
    mounted = shared(tmp_path, catalog=configured(streams), state=[])
    by_the_variable = "$AIRBYTE_ENTRYPOINT read --config /secrets/config.json --catalog /secrets/catalog.json"
    read = run(engine.command(image, *mounted, "--entrypoint=sh"), "-c", f'eval "{by_the_variable}"')
    read.assert_clean()
    assert keys_of(read.records(), source) == wanted(sandbox, source)
    shared(tmp_path, state=read.last_states())
    again = run(
        engine.command(image, *mounted), "read", *config, "--catalog", "/secrets/catalog.json",
        "--state", "/secrets/state.json",
    )  # fmt: skip
    again.assert_clean()
    assert sum(len(rows) for rows in again.records().values()) < sum(len(rows) for rows in read.records().values())


@BOTH
def test_a_failure_is_told_in_the_protocol(engine: Engine, images: Mapping[str, str], source: str) -> None:
    for arguments, words in (([], "no command"), (["check", "--config", "config.json"], "config.json")):
        done = run(engine.command(images[source]), *arguments)
        (error,) = done.errors()
        assert (done.exit_code, error["failure_type"]) == (1, "config_error")
        assert words in error["message"]
    helped: Run = run(engine.command(images[source]), "--help")
    assert helped.stdout.startswith(f"usage: source-{source} ")


@BOTH
def test_no_start_compiles_anything(engine: Engine, images: Mapping[str, str], source: str) -> None:
    command = engine.command(images[source], "--env=PYTHONVERBOSE=1")
    loaded = re.findall(r"code object from '?(/[^'\n]+)", run(command, "check", "--config", "none.json").stderr)
    assert len(loaded) > 500
    assert [path for path in loaded if not path.endswith(".pyc")] == []


# --- its end -------------------------------------------------------------------------------------------------------


def exit_code_after_stop(engine: Engine, name: str) -> int:
    """Tell a container to end as `docker stop` does, which kills it after ten seconds."""
    try:
        engine.ask("stop", "--time=10", name)
        return int(engine.ask("inspect", "--format={{.State.ExitCode}}", name))
    finally:
        engine.ask("rm", "--force", name)


@BOTH
def test_told_to_end_at_its_first_moment_it_ends(
    engine: Engine, images: Mapping[str, str], tmp_path: Path, source: str
) -> None:
    mounted = shared(tmp_path)
    os.mkfifo(tmp_path / "secrets" / "config.json", 0o644)
    name = f"image-test-first-moment-{source}"
    command = [
        part for part in engine.command(images[source], *mounted, f"--name={name}", "--detach") if part != "--rm"
    ]
    assert run(command, "discover", "--config", "/secrets/config.json").exit_code == 0
    assert exit_code_after_stop(engine, name) == ENDED


@BOTH
def test_told_to_end_while_it_waits_it_ends_with_its_state_out(
    engine: Engine, images: Mapping[str, str], tmp_path: Path, source: str
) -> None:
    both = ["full_refresh", "incremental"]
    catalog = configured([{"name": CHILD[source], "json_schema": {}, "supported_sync_modes": both}])
    with running_sandbox(*SIZES, "--limit", "30/1h", "--limit-all", "--talentio-limit", "30/1h") as narrow:
        mounted = shared(tmp_path, config=narrow.configs[source], catalog=catalog)
        name = f"image-test-{source}"
        command = engine.command(images[source], *mounted, f"--name={name}")
        command += ["read", "--config", "/secrets/config.json", "--catalog", "/secrets/catalog.json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            messages = []
            for line in process.stdout:
                messages.append(json.loads(line))
                if ("RATE_LIMITED", CHILD[source]) in told(messages[-1:]):
                    break
            engine.ask("kill", "--signal=TERM", name)
            messages += [json.loads(line) for line in process.stdout]
    assert process.returncode == ENDED
    kinds = [message["type"] for message in messages if message["type"] in ("RECORD", "STATE")]
    assert "RECORD" in kinds
    assert kinds[-1] == "STATE"


# --- Airbyte's own tests -------------------------------------------------------------------------------------------

DOCKER = """#!/bin/sh
# Airbyte's tests call docker, without a word of the network on which the sandbox is.
command=$1
shift
if [ "$command" = run ]; then set -- --network=host "$@"; fi
exec {engine} "$command" "$@"
"""

# What an image is worth under the good config and under the one with a bad credential, which only check can refuse.
_IMAGE, _GOOD, _BAD = "test_docker_image_build_and_", "['config' Test Scenario]", "['invalid_config' Test Scenario]"
RAN = {f"{_IMAGE}spec"} | {f"{_IMAGE}{name}{_GOOD}" for name in ("config_matches_spec", "check", "discover", "read")}
RAN |= {f"{_IMAGE}{name}{_BAD}" for name in ("config_matches_spec", "check")}
SKIPPED = {f"{_IMAGE}{name}{_BAD}" for name in ("discover", "read")}


@BOTH
def test_airbytes_own_tests_of_images_pass(
    engine: Engine, images: Mapping[str, str], tmp_path: Path, source: str
) -> None:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(engine=engine.path), encoding="utf-8")
    program.chmod(0o755)
    suite = f"Test{source.capitalize()}"
    # One compares the spec with a published one, from a registry that has none.
    chosen = f"{suite} and not backward_compatibility"
    outcomes = outcomes_of(
        tmp_path, "-m", "image_tests", "-k", chosen, f"--connector-image={images[source]}", "--read-from-streams=all",
        env={"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
    )[suite]  # fmt: skip
    assert outcomes == {**dict.fromkeys(RAN, "passed"), **dict.fromkeys(SKIPPED, "skipped")}
