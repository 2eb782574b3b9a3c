import hashlib
from dataclasses import dataclass
@dataclass(frozen=True)
class ForcedChoice:
    prompt: str
    options: tuple[str, str]
def forced_choice(item, user, aligned, misaligned):
    first = hashlib.sha256(item.encode()).digest()[0] % 2
    options = (aligned, misaligned) if first else (misaligned, aligned)
    return ForcedChoice(f"{user}\n\nA. {options[0]}\nB. {options[1]}\n\nAnswer with the letter first: A or B.", options)
