"""One command of a model in its sandbox, and the answer that the model gets."""

from __future__ import annotations

from typing import Any

from inspect_ai.util import LimitExceededError, OutputLimitExceededError, SandboxUnavailableError, sandbox

from stagelens.agents.rules import LoopRules


async def run_command(command: str, rules: LoopRules) -> tuple[bool, dict[str, Any]]:
    """Run ``command`` in the sample's sandbox.

    Returns:
        Whether it ran, be it with an error, without an end, or with more output than is read; and the answer: stdout
        and stderr in full, role and return code (−1 where there is none).

    Raises:
        LimitExceededError: a limit of the sample's.
        SandboxUnavailableError: there is no sandbox any more: that is no answer of a command.
    """
    try:
        # A command is never run again: what it changed the first time stays.
        result = await sandbox().exec(
            ["/bin/sh", "-c", command],
            cwd=rules.workdir,
            user=rules.user,
            timeout=rules.command_seconds,
            timeout_retry=False,
        )
    except (LimitExceededError, SandboxUnavailableError):
        raise
    except TimeoutError:
        return True, _answer("", "Command timed out", -1)
    except (OutputLimitExceededError, UnicodeDecodeError) as error:
        return True, _answer("", str(error), -1)
    except Exception as error:  # the command could not be started: too long, a null byte, no permission
        return False, _answer("", str(error), -1)
    return True, _answer(result.stdout, result.stderr, result.returncode)


def _answer(stdout: str, stderr: str, returncode: int) -> dict[str, Any]:
    return {"stdout": stdout, "stderr": stderr, "role": "tool", "returncode": returncode}
