from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models_tiny import make_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "checkpoint", context=8192)
