"""Docker sandboxes: what the compose file says, and that real containers hold to it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import sandbox

from stagelens.sandboxes import fresh, spec
from stagelens.sandboxes.docker import Container, at_once, compose_file

IMAGE = "python:3.11-slim"
SMALL = Container(IMAGE, memory_mb=256, processes=64, file_mb=16, workdir="/app")


def test_the_file_has_no_network_and_every_limit(tmp_path: Path) -> None:
    services = json.loads(compose_file(SMALL, measure=True, folder=tmp_path).read_text())["services"]
    assert set(services) == {"default", "measure"}
    for service in services.values():
        assert service["network_mode"] == "none"
        assert service["mem_limit"] == service["memswap_limit"] == "256m"
        assert service["pids_limit"] == 64
        assert service["ulimits"]["fsize"] == 16 * 2**20
        assert service["cap_drop"] == ["ALL"]
        assert service["x-local"] is True
        assert "privileged" not in service
        assert "volumes" not in service


def test_the_same_content_has_the_same_name(tmp_path: Path) -> None:
    first = compose_file(SMALL, folder=tmp_path)
    assert compose_file(SMALL, folder=tmp_path) == first
    assert compose_file(SMALL, measure=True, folder=tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_an_image_may_be_built_and_need_its_capabilities(tmp_path: Path) -> None:
    built = Container("made:1", build={"context": "/somewhere", "network": "host"}, plain=False, command=None)
    service = json.loads(compose_file(built, folder=tmp_path).read_text())["services"]["default"]
    assert service["build"] == {"context": "/somewhere", "network": "host"}
    assert service["network_mode"] == "none"
    assert not {"cap_drop", "security_opt", "command", "x-local"} & set(service)


def test_no_more_containers_than_the_machine_holds() -> None:
    assert at_once(Container(IMAGE, memory_mb=10**9)) == 1
    small = at_once(Container(IMAGE, memory_mb=64))
    assert small >= at_once(Container(IMAGE, memory_mb=64), measure=True) >= 1


@pytest.fixture(scope="module")
def image() -> str:
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no image {IMAGE}")
    return IMAGE


FORKS = """
import os, time
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
        made += 1
except OSError:
    pass
print("reached" if made > 64 else "held")
"""
ATTACKS = {
    "network": "python3 -c \"import socket; socket.create_connection(('1.1.1.1', 53), 3)\" && echo reached",
    "names": "python3 -c \"import socket; socket.getaddrinfo('example.org', 80)\" && echo reached",
    "interfaces": "test $(ls /sys/class/net | grep -vc '^lo$') = 0 || echo reached",
    "mount": "mount -t tmpfs none /mnt && echo reached",
    "device": "mknod /tmp/disk b 8 0 && echo reached",
    "host": "ls /var/run/docker.sock && echo reached",
    "large file": "head -c 100M /dev/zero > /tmp/large; test $(stat -c %s /tmp/large) -le 16777216 || echo reached",
    "memory": "python3 -c 'bytearray(1 << 29)' && echo reached",
    "processes": f"python3 -c '{FORKS}'",
}


@pytest.mark.docker
def test_containers_hold_to_it(image: str, tmp_path: Path) -> None:
    @solver
    def work() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            for name, attack in ATTACKS.items():
                state.store.set(name, (await sandbox().exec(["sh", "-c", attack], timeout=20)).stdout)
            await sandbox().exec(["sh", "-c", "echo mine > /app/mine"])
            async with fresh() as other:
                state.store.set("fresh", (await other.exec(["ls", "/app"])).stdout)
            state.store.set("well", (await sandbox().exec(["cat", "/app/given.txt"])).stdout)
            return state

        return solve

    sample = Sample(input="none", files={"/app/given.txt": "given"})
    place = spec("docker", compose=compose_file(SMALL, measure=True, folder=tmp_path))
    (log,) = evaluate(
        Task(dataset=[sample], solver=work(), sandbox=place),
        model="mockllm/model",
        log_dir=str(tmp_path / "logs"),
        display="none",
    )
    assert log.status == "success", log.error
    assert log.samples is not None
    store = log.samples[0].store
    assert {name for name in ATTACKS if "reached" in store[name]} == set()
    assert store["fresh"] == ""
    assert store["well"] == "given"
