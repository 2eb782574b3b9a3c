"""The provider as Inspect uses it: commands, timeouts, cancellation, samples, a fresh sandbox for measuring again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import anyio
import numpy
import pytest
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import SandboxEnvironmentSpec, sandbox
from pydantic import ValidationError
from sandboxes_boxes import boxes

from stagelens.errors import InputError
from stagelens.sandboxes import BUBBLEWRAP_PROVIDER, fresh, spec
from stagelens.sandboxes.bubblewrap import BubblewrapConfig
from stagelens.sandboxes.bubblewrap import command as command_room
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox
from stagelens.sandboxes.bubblewrap.session import SandboxLostError, Session

pytestmark = pytest.mark.bubblewrap


def test_commands_have_their_input_folder_and_variables() -> None:
    with boxes() as (box,):
        assert box.run("pwd").stdout == "/app\n"
        assert box.run("pwd", cwd="/tmp").stdout == "/tmp\n"
        box.write("sub/file", "x")
        assert box.run("ls", cwd="sub").stdout == "file\n"
        assert box.run("cat", input="text ü").stdout == "text ü"
        assert box.run("wc", "-c", input=b"x" * 5_000_000).stdout == "5000000\n"
        assert box.sh("head -c 1", input=b"x" * 5_000_000).stdout == "x"
        assert box.sh("cat", input=None).stdout == ""
        assert box.sh("echo $NAME $HOME", env={"NAME": "a b=c"}).stdout == "a b=c /tmp\n"
        assert box.sh("printf '\\377ok'; echo error >&2; exit 3").returncode == 3
        assert box.sh("printf '\\377ok'").stdout == "�ok"
        assert box.sh("kill -9 $$").returncode == 128 + 9
        missing = box.run("no-such-program")
        assert (missing.returncode, missing.stderr) == (127, "no-such-program: No such file or directory\n")
        assert box.run("/etc/passwd").returncode == 126
        assert box.run("pwd", cwd="/nowhere").returncode == 127
        assert box.run("true", user="somebody").success
        with pytest.raises(ValueError, match="null"):
            box.run("echo", "a\0b")
        assert box.works()


def test_the_programs_that_tasks_use_are_there() -> None:
    with boxes() as (box,):
        for program in ("sh", "sed", "grep", "awk", "cat", "find", "sort", "diff", "tar", "python3"):
            assert box.sh(f"command -v {program}").success, program


def test_packages_come_with_the_python_that_they_were_installed_for() -> None:
    with boxes(BubblewrapConfig(python_packages=("numpy",))) as (box,):
        done = box.python("import numpy; print(numpy.__version__, (numpy.ones((9, 9)) @ numpy.ones((9, 9)))[0, 0])")
        assert done.stdout == f"{numpy.__version__} 9.0\n", done.stderr
        version = box.python("import sys; print(*sys.version_info[:3])").stdout.split()
        assert version == [str(part) for part in sys.version_info[:3]]
        assert not box.python("import stagelens").success
    with (
        pytest.raises(InputError, match="pip install no_such_package"),
        boxes(BubblewrapConfig(python_packages=("no_such_package",))),
    ):
        pass


@pytest.mark.parametrize("workdir", ["/", "/usr/app", "/tmp", "relative", "/app/../etc", "/proc/1", "/run/inside"])
def test_work_folders_stay_clear_of_the_system(workdir: str) -> None:
    with pytest.raises(ValidationError, match="workdir"):
        BubblewrapConfig(workdir=workdir)


def test_a_work_folder_may_be_any_other() -> None:
    with boxes(BubblewrapConfig(workdir="/srv/work/here")) as (box,):
        assert box.sh("echo x > file; pwd").stdout == "/srv/work/here\n"
        assert box.read("/srv/work/here/file") == "x\n"


def test_a_cancelled_command_is_ended_and_the_sandbox_goes_on() -> None:
    async def work() -> None:
        box = await BubblewrapSandbox.start(BubblewrapConfig())
        try:
            started = time.monotonic()
            with anyio.move_on_after(0.5) as scope:
                await box.exec(["sh", "-c", "sleep 600; echo x > /app/late"], concurrency=False)
            assert scope.cancelled_caught
            done = await box.exec(["sh", "-c", "ls /app; ls /proc | grep -c '^[0-9]'"], concurrency=False)
            assert time.monotonic() - started < 3
            assert int(done.stdout) <= 5
        finally:
            await box.close()

    anyio.run(work)


def test_commands_of_one_sandbox_take_turns() -> None:
    async def work() -> list[str]:
        box = await BubblewrapSandbox.start(BubblewrapConfig())
        said: list[str] = []

        async def say(word: str) -> None:
            done = await box.exec(["sh", "-c", f"sleep .1; echo {word}"], concurrency=False)
            said.append(done.stdout.strip())

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(say, str(number))
        await box.close()
        return said

    assert sorted(anyio.run(work)) == ["0", "1", "2", "3", "4"]


def test_many_sandboxes_live_at_once() -> None:
    async def work() -> set[str]:
        made: list[BubblewrapSandbox] = []
        seen: set[str] = set()

        async def one(number: int) -> None:
            box = await BubblewrapSandbox.start(BubblewrapConfig())
            made.append(box)
            await box.write_file("mine", str(number))
            await box.exec(["sh", "-c", "id -u > who"], concurrency=False)
            assert await box.read_file("mine") == str(number)
            seen.add(await box.read_file("who") + str(number))

        try:
            async with anyio.create_task_group() as tasks:
                for number in range(40):
                    tasks.start_soon(one, number)
        finally:
            for box in made:
                await box.close()
        return seen

    seen = anyio.run(work)
    assert len(seen) == 40
    if os.geteuid() == 0:
        assert len({each.split("\n")[0] for each in seen}) == 40


def test_a_sandbox_that_ends_says_so() -> None:
    with boxes() as (box,):
        box.close()
        with pytest.raises(Exception, match="sandbox has ended"):
            box.run("true")


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user here")
def test_ordinary_users_have_sandboxes_in_a_user_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, the same command as a user's, started as one."""

    async def work() -> None:
        monkeypatch.setattr(command_room.os, "geteuid", lambda: 12345)
        with command_room.bubblewrap_command(BubblewrapConfig(processes=16)) as (command, files):
            monkeypatch.undo()
            assert "--unshare-user" in command
            process = await anyio.open_process(
                ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=files,
            )
        session = Session(BubblewrapConfig(processes=16), process)
        run = partial(session.run, variables={}, cwd="/app", seconds=5, output=1000, given=b"")
        try:
            await session._answer(30, most=1000)
            assert (await run(["id", "-un"])).stdout == b"agent\n"
            await session.write("/app/file", b"text")
            assert await session.read("/app/file", 100) == b"text"
            assert b"fork" in (await run(["sh", "-c", "for i in $(seq 50); do sleep 5 & done"])).stderr
            assert (await run(["sh", "-c", "kill -9 -1"])).code != 0
            assert (await run(["cat", "/proc/1/environ"])).code != 0
            assert (await run(["unshare", "-Ur", "id"])).code != 0
        finally:
            await session.close()

    anyio.run(work)


def test_what_bubblewrap_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: no namespaces for you' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxLostError, match="no namespaces for you"):
        anyio.run(Session.start, BubblewrapConfig())


def _evaluate(work: Solver, folder: Path, sandbox: SandboxEnvironmentSpec, *, epochs: int = 1) -> EvalLog:
    sample = Sample(input="question", files={"/app/given.txt": "given", "relative.txt": "also"}, setup="echo set > set")
    task = Task(dataset=[sample], solver=work, sandbox=sandbox, epochs=epochs)
    (log,) = evaluate(task, model="mockllm/model", log_dir=str(folder), display="none")
    return log


def test_samples_run_in_them_with_their_files(tmp_path: Path) -> None:
    @solver
    def work() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            done = await sandbox().exec(["cat", "given.txt", "relative.txt", "set"])
            await sandbox().exec(["sh", "-c", "echo made > made.txt; echo there > /tmp/there"])
            state.store.set("said", done.stdout)
            state.store.set("kept", await sandbox().read_file("made.txt") + await sandbox().read_file("/tmp/there"))
            async with fresh() as other:
                state.store.set("fresh", (await other.exec(["ls", "/app", "/tmp"])).stdout)
                state.store.set("limit", other.as_type(BubblewrapSandbox).config.processes)
            return state

        return solve

    log = _evaluate(work(), tmp_path, spec("bubblewrap", bubblewrap=BubblewrapConfig(processes=17)), epochs=3)
    assert log.status == "success", log.error
    assert log.eval.sandbox is not None
    assert log.eval.sandbox.type == BUBBLEWRAP_PROVIDER
    assert log.samples is not None
    for sample in log.samples:
        assert sample.store["said"] == "givenalsoset\n"
        assert sample.store["kept"] == "made\nthere\n"
        assert sample.store["fresh"] == "/app:\n\n/tmp:\n"
        assert sample.store["limit"] == 17


def test_the_configuration_survives_a_log(tmp_path: Path) -> None:
    wanted = spec("bubblewrap", bubblewrap=BubblewrapConfig(python_packages=("numpy",), wall_seconds=7))
    again = SandboxEnvironmentSpec.model_validate(wanted.model_dump(mode="json"))
    assert again.config == wanted.config


DRIVER = """
import anyio, sys
from stagelens.sandboxes.bubblewrap import BubblewrapConfig
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox

async def main():
    box = await BubblewrapSandbox.start(BubblewrapConfig())
    print("started", flush=True)
    await box.exec(["sh", "-c", "setsid sleep 98765.25 & sleep 98765.25"], concurrency=False)

anyio.run(main)
"""


def _running(words: bytes) -> int:
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += words in path.read_bytes()
        except OSError:
            continue
    return count


def test_nothing_outlives_a_driver_that_is_killed() -> None:
    driver = subprocess.Popen([sys.executable, "-c", textwrap.dedent(DRIVER)], stdout=subprocess.PIPE)
    assert driver.stdout is not None
    assert driver.stdout.readline() == b"started\n"
    until = time.monotonic() + 10
    while _running(b"98765.25") < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert _running(b"98765.25") >= 3
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    until = time.monotonic() + 5
    while _running(b"98765.25") and time.monotonic() < until:
        time.sleep(0.05)
    assert _running(b"98765.25") == 0
