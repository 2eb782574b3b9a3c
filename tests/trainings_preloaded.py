"""What a process that trains needs, imported once for all of them; see ``trainings.in_a_process``."""

from tqdm import tqdm
from trl import DPOTrainer, GRPOTrainer, SFTTrainer

import trainings

__all__ = ["DPOTrainer", "GRPOTrainer", "SFTTrainer", "trainings"]

tqdm.get_lock()  # a semaphore, which every process that is killed would leave behind were it its own
