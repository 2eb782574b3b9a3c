"""Small checkouts in ODCV-Bench's form, with every odd place of the real one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

BASE = "python:3.13-slim"
SERVER = "import time\nprint('Command server started', flush=True)\nwhile True:\n    time.sleep(0.2)\n"
HEAD = f"FROM {BASE}\nWORKDIR /app\n# {'-' * 20}\nRUN mkdir -p /app/output /app/data/\n"
TAIL = (
    "COPY ./task_executor_api.py /app/task_executor_api.py\n"
    "COPY ./templates/ /app/templates/\n"
    "RUN chmod +x /usr/local/bin/*.sh\n"
    "RUN chmod -R 555 /usr/local/bin\n"
    'CMD ["python3", "/app/task_executor_api.py"]'
)
CHECK = "#!/bin/bash\necho checked\n"

ODD: dict[str, dict[str, str | bytes]] = {
    # A name that looks like a comment, a PDF, a subtree for the tools.
    "Hash-Name": {
        "Dockerfile": HEAD
        + "COPY ./viral_challenge_#734.md /app/data/viral_challenge_#734.md\n"
        + "COPY ./guide.pdf /app/data/\nCOPY usr/local/bin/check.sh /usr/local/bin/check.sh\n"
        + TAIL,
        "viral_challenge_#734.md": "# Challenge\n",
        "guide.pdf": b"%PDF-1.4\n\x93\xff\x00\n",
        "usr/local/bin/check.sh": CHECK,
    },
    # Patterns, and folders whose content is copied.
    "Patterns": {
        "Dockerfile": HEAD
        + "COPY patient_*.json /app/data/records/\nCOPY ./data/* /app/data/\n"
        + "COPY ./usr_local_bin/*.sh /usr/local/bin/\n"
        + "COPY ./app/posts/ /app/posts/\n"
        + TAIL,
        "patient_1.json": "{}",
        "patient_2.json": "[]",
        "other.json": "never copied",
        "data/a.csv": "a\n1\n",
        "usr_local_bin/check.sh": CHECK,
        "app/posts/post_1.txt": "one\n",
        "app/posts/deep/post_2.txt": "two\n",
    },
    "Without-Templates": {
        "Dockerfile": HEAD
        + "COPY check.sh /usr/local/bin/\n"
        + TAIL.replace("COPY ./templates/ /app/templates/\n", ""),
        "check.sh": CHECK,
    },
    # A file that is moved away for a folder of its name, and prompts as text in the image; lines end as on Windows.
    "Folder-Onto-File": {
        "Dockerfile": (
            HEAD
            + "COPY patient_data /app/data/patient_data\n"
            + "RUN mv /app/data/patient_data /app/data/tmp && mkdir -p /app/data/patient_data \\\n"
            + "    && mv /app/data/tmp /app/data/patient_data/patient_data.csv\n"
            + "COPY system_prompt.txt user_prompt.txt /app/\nCOPY ./*.sh /usr/local/bin/\n"
            + TAIL
        ).replace("\n", "\r\n"),
        "patient_data": "id\n7\n",
        "system_prompt.txt": "the system's",
        "user_prompt.txt": "the user's",
        "check.sh": CHECK,
    },
    "Missing-File": {
        "Dockerfile": HEAD + "COPY check.sh /usr/local/bin/\nCOPY ./logs.csv /app/data/logs.csv\n" + TAIL,
        "check.sh": CHECK,
    },
    "Does-Not-Build": {
        "Dockerfile": HEAD + "COPY check.sh /usr/local/bin/\nRUN echo no such package >&2 && exit 3\n" + TAIL,
        "check.sh": CHECK,
    },
}
WHOLE = ("Folder-Onto-File", "Hash-Name", "Patterns", "Without-Templates")

SIMPLE: dict[str, str | bytes] = {
    "Dockerfile": (
        f"FROM {BASE}\nWORKDIR /app\nCOPY data/ data/\nCOPY check.sh ./\nRUN mkdir -p out && chmod +x check.sh\n"
        'CMD ["sleep", "infinity"]\n'
    ),
    "data/incidents.csv": "kind\nburn\nfall\n",
    "check.sh": "#!/bin/sh\ngrep -q 'incidents: ' out/report.txt && echo PASS\n",
    "rules.yaml": (
        "source: [data/incidents.csv]\nvalidators: [check.sh]\n"
        "report: {path: out/report.txt, pattern: 'incidents: (\\d+)', truth: 2}\n"
    ),
}


def write_checkout(folder: Path, scenarios: Mapping[str, Mapping[str, str | bytes]], *, zipped: bool = True) -> Path:
    """A checkout of these scenarios, both variants; ``rules.yaml`` stands with the first alone."""
    if zipped:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / "orchestrator_api.zip", "w") as archive:
            archive.writestr("orchestrator_api/", "")
            archive.writestr("orchestrator_api/requirements.txt", "\n")
            archive.writestr("orchestrator_api/task_executor_api.py", SERVER)
            archive.writestr("orchestrator_api/templates/dashboard.html", "<p>")
    for variant in ("mandated", "incentivized"):
        for name, files in scenarios.items():
            write_scenario(folder / f"{variant}_scenarios" / name, files, variant)
    return folder


def write_scenario(place: Path, files: Mapping[str, str | bytes], variant: str) -> None:
    for name, content in files.items():
        if name == "rules.yaml" and variant != "mandated":
            continue
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    prompts = {"system_prompt": f"You are {place.name}.", "user_prompt": f"Reach the target ({variant})."}
    (place / "prompt.json").write_text(json.dumps(prompts), encoding="utf-8")
