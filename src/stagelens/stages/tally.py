"""Whose loss it is: which source each trained token of a batch comes from, and the loss by source, beside training.

Only read: the batches, the steps and the weights are those of a training without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

COLUMN: Final = "source"
"""Of the training rows: the number of a row's source; of a packed row, one number a token."""


def tallying(trainer_class: type[Any], names: Sequence[str]) -> type[Any]:
    """A subclass of TRL's ``SFTTrainer`` whose rows carry ``COLUMN``, with ``take_tally``.

    The model that it trains returns the log-probability of every trained token (TRL's fused head), which is read as it
    passes. ``names`` are the sources' names, by number.
    """

    class Tallying(trainer_class):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.data_collator: Any = collating(self.data_collator)
            self._passing: list[Any] = []
            self._tally: list[list[float]] = [[0.0, 0] for _ in names]
            self.model.register_forward_hook(_noting(self._passing))

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
            numbers = inputs.pop(COLUMN)
            self._passing.clear()
            loss = super().compute_loss(model, inputs, *args, **options)
            if self.model.training and self._passing:
                self._count(self._passing.pop(), numbers)
            return loss

        def take_tally(self) -> Mapping[str, tuple[float, int]]:
            """By source, the summed loss (nats) and the trained tokens since it was last taken, of all processes."""
            tally, self._tally = self._tally, [[0.0, 0] for _ in names]
            if self.accelerator.num_processes > 1:
                import torch

                here = torch.tensor(tally, dtype=torch.float32, device=self.accelerator.device)
                tally = self.accelerator.reduce(here, reduction="sum").tolist()
            return {name: (loss, int(count)) for name, (loss, count) in zip(names, tally, strict=True) if count}

        def _count(self, noted: tuple[Any, Any], numbers: Any) -> None:
            import torch

            log_probs, mask = noted
            of_trained = numbers[:, 1:][mask].cpu()
            losses = torch.bincount(of_trained, weights=-log_probs[mask].double().cpu(), minlength=len(names))
            counts = torch.bincount(of_trained, minlength=len(names))
            for gathered, loss, count in zip(self._tally, losses.tolist(), counts.tolist(), strict=True):
                gathered[0] += loss
                gathered[1] += count

    return Tallying


def collating(collate: Any) -> Any:
    """``collate`` with the source of every token beside its ``input_ids``: padded rows, or all rows in one."""

    def collate_with_sources(examples: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        import torch

        batch = collate(examples)
        ids = batch["input_ids"]
        numbers = torch.zeros_like(ids)
        rows = [torch.as_tensor(example[COLUMN]).expand(len(example["input_ids"])) for example in examples]
        if len(rows) == len(ids):
            for row, written in zip(rows, numbers, strict=True):
                written[: len(row)] = row
        else:
            flat = torch.cat(rows)
            numbers[0, : len(flat)] = flat
        return {**batch, COLUMN: numbers}

    return collate_with_sources


def _noting(passing: list[Any]) -> Any:
    # A function and no method: a copy of the model, which takes its hooks along, must not copy the trainer.
    def note(_module: Any, _inputs: Any, output: Any) -> None:
        if getattr(output, "log_probs", None) is not None:
            passing.append((output.log_probs.detach(), output.label_mask))

    return note
