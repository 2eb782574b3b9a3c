"""The loss of a batch without padding: logits are made of trained tokens only, and nothing else is measured.

TRL's own loss does the same on GPUs. On a CPU it makes the logits of every token, prompts included, twice (again for
the gradients), and measures entropy and accuracy at each step; with a large vocabulary that is most of the time.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any, Final

from stagelens.stages.preflight import IGNORED

KEYWORD: Final = "trained_only"
"""With this, a model that ``score_trained`` changed takes ``labels`` and returns ``Scored``."""


def leaning(trainer_class: type[Any]) -> type[Any]:
    """A subclass of TRL's ``SFTTrainer`` that computes the loss so, for batches that are one row (``batching.Layout``).

    The loss is TRL's: the mean over the trained tokens of an optimizer step, in nats. Other losses than the plain
    likelihood, and models of experts that are balanced by a loss of their own, are left to TRL.
    """

    class Leaning(trainer_class):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            model = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
            plain = self.args.loss_type == "nll" and not self.args.label_smoothing_factor
            self._leans = plain and not self.aux_loss_enabled
            if self._leans:
                score_trained(model)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if not self._leans or return_outputs or not self.model.training:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            import torch

            scored = model(**inputs, **{KEYWORD: True})
            count = scored.label_mask.sum() if num_items_in_batch is None else num_items_in_batch
            loss = -scored.log_probs.sum() / torch.as_tensor(count).clamp(min=1)
            if self.args.average_tokens_across_devices and num_items_in_batch is not None:
                # The count is of all processes, and gradients are averaged over them.
                loss = loss * (self.accelerator.num_processes // self.get_tp_size())
            return loss

    return Leaning


def score_trained(model: Any) -> None:
    """Let a causal language model, called with ``trained_only=True`` and ``labels``, score the trained tokens of a row.

    The rest of the forward pass is the model's own, so are soft caps and scales of its logits.
    """
    forward = model.forward

    def scoring(_model: Any, *args: Any, **options: Any) -> Any:
        if not options.pop(KEYWORD, False):
            return forward(*args, **options)
        import torch

        targets = options.pop("labels")[:, 1:]
        mask = targets != IGNORED
        kept = mask[0].nonzero().flatten()
        logits = forward(*args, **options, use_cache=False, logits_to_keep=kept).logits[0].float()
        scores = -torch.nn.functional.cross_entropy(logits, targets[mask], reduction="none")
        return Scored(scores.new_zeros(mask.shape).masked_scatter(mask, scores), mask)

    model.forward = types.MethodType(scoring, model)


@dataclass
class Scored:
    """What is known of a row's next tokens: the log-probability of each (0 where it is not trained), which are trained.

    Of shape (1, tokens - 1), under the names that TRL's own output has.
    """

    log_probs: Any
    label_mask: Any
