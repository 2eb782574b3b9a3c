"""A run folder behind a URL that fsspec knows (``s3://…``, ``gs://…``, ``file://…``).

The run works in a local folder, and every finished piece is copied to the URL before the ledger calls it done. What
lies at the URL and not in the local folder is fetched when a run begins: so another machine goes on from the URL alone.
The ledger stays here, and is made again from the rest. Nothing keeps two drivers out of one URL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from stagelens.engine.bulk import log_of
from stagelens.engine.engines import Engine
from stagelens.engine.folder import RunFolder
from stagelens.engine.progress import Reporter
from stagelens.engine.shards import Shard
from stagelens.engine.training import Training
from stagelens.errors import InputError
from stagelens.files import replacing
from stagelens.stages.checkpoint import RECIPE, writing
from stagelens.stages.contamination import Index
from stagelens.study.spec import Study

_CHECKPOINT: Final = 3
"""Parts of a checkpoint's path: ``checkpoints/<family>/<stage>``."""
_Mark = tuple[int, int]


def is_url(place: str | Path) -> bool:
    """Whether a run folder is named by a URL."""
    return "://" in str(place)


def working_name(study: str, url: str) -> str:
    """The name of the local folder that a run at ``url`` works in: another URL has another."""
    return f"{study}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


class Remote:
    """What lies at a URL, beside the local folder that stands for it.

    Raises:
        InputError: nothing can be read or written there.
    """

    def __init__(self, url: str, folder: RunFolder) -> None:
        self.url = url
        self._folder = folder
        self._sent: dict[str, _Mark] = {}
        """Local files as they were when they were last equal to those at the URL."""
        with self._reached():
            from fsspec.core import url_to_fs

            self._system, root = url_to_fs(url)
            self._root = str(root).rstrip("/")

    def fetch(self) -> None:
        """Bring here what is there alone; a checkpoint that is not whole there is left."""
        with self._reached():
            self._system.invalidate_cache()
            there = self._listed()
            for name, size in there.items():
                place = self._folder.root / name
                if place.is_file() and place.stat().st_size == size and _is_fixed(name):
                    self._sent[name] = _mark(place)
            absent = [name for name in there if not (self._folder.root / name).exists()]
            checkpoints: dict[str, list[str]] = {}
            for name in absent:
                if name.startswith("checkpoints/"):
                    checkpoints.setdefault("/".join(name.split("/")[:_CHECKPOINT]), []).append(name)
                else:
                    self._fetch(name)
            for folder, names in checkpoints.items():
                if f"{folder}/{RECIPE}" in names:
                    self._fetch_checkpoint(folder, names)

    def send(self, place: Path) -> None:
        """Copy a file, or a checkpoint's folder, there."""
        with self._reached():
            for path in _files(place):
                self._put(path)

    def send_all(self) -> None:
        """Copy everything that has changed here since it was copied."""
        with self._reached():
            for path in _files(self._folder.root):
                if self._sent.get(self._name(path)) != _mark(path):
                    self._put(path)

    def _listed(self) -> dict[str, int]:
        """Bytes of every file there, by its path in the run folder."""
        if not self._system.exists(self._root):
            return {}
        found = self._system.find(self._root, detail=True)
        named = {str(PurePosixPath(path).relative_to(self._root)): info for path, info in found.items()}
        return {name: int(info["size"]) for name, info in named.items() if _is_kept(name)}

    def _fetch(self, name: str) -> None:
        place = self._folder.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as beside:
            self._system.get_file(f"{self._root}/{name}", str(beside))
        self._sent[name] = _mark(place)

    def _fetch_checkpoint(self, place: str, names: Sequence[str]) -> None:
        with writing(self._folder.root / place) as fresh:
            for name in names:
                self._system.get_file(f"{self._root}/{name}", str(fresh / PurePosixPath(name).name))
        for name in names:
            self._sent[name] = _mark(self._folder.root / name)

    def _put(self, path: Path) -> None:
        name, mark = self._name(path), _mark(path)
        target = f"{self._root}/{name}"
        self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._system.put_file(str(path), target)
        self._sent[name] = mark

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder.root).as_posix()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # every file system raises in its own way
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(
                f"The run folder {self.url} cannot be used ({reason}): mend that, or name another with --out; the same "
                "command goes on from what there is."
            ) from error


class Publishing:
    """An engine whose pieces are at the URL before they are given on. See ``engines.Engine``."""

    def __init__(self, engine: Engine, remote: Remote) -> None:
        self._engine = engine
        self._remote = remote

    def train(
        self, trainings: Sequence[Training], *, study: Study, folder: RunFolder, reporter: Reporter, items: Index
    ) -> Iterator[Training]:
        """As the engine does."""
        for training in self._engine.train(trainings, study=study, folder=folder, reporter=reporter, items=items):
            for made in training.makes:
                self._remote.send(folder.checkpoint(made.family, made.stage.name))
            yield training

    def ask(
        self, shards: Sequence[Shard], *, study: Study, folder: RunFolder, reporter: Reporter
    ) -> Iterator[tuple[Shard, bool]]:
        """As the engine does."""
        for shard, whole in self._engine.ask(shards, study=study, folder=folder, reporter=reporter):
            self._remote.send(log_of(shard, folder))
            yield shard, whole


def _files(place: Path) -> list[Path]:
    """What is copied of a folder; a checkpoint's ``recipe.json``, which says that it is whole, after its weights."""
    if place.is_file():
        return [place]
    found = [path for path in place.rglob("*") if path.is_file() and _is_kept(path.relative_to(place).as_posix())]
    return sorted(found, key=lambda path: (path.parent, path.name == RECIPE, path.name))


def _is_kept(name: str) -> bool:
    """Not the ledger, nor what is being made (hidden names)."""
    return name != "ledger.sqlite" and not any(part.startswith(".") for part in name.split("/"))


def _is_fixed(name: str) -> bool:
    """Whether a file of the same size is the same file: not one that every run writes again."""
    return "/" in name


def _mark(path: Path) -> _Mark:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
