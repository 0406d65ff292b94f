"""Draws of chance, each with a name of its own: what is drawn for a case does not depend on the variant it is in.

So two columns differ by what was changed and not by luck (common random numbers).
"""

from random import Random


class Draws:
    """The draws of one run, by ``seed``."""

    def __init__(self, seed: str):
        self.seed = seed
        self._drawn: dict[tuple[int, str], float] = {}

    def __call__(self, case: int, purpose: str) -> float:
        """Between 0 and 1, both excluded; the same for the same case and purpose."""
        key = (case, purpose)
        if key not in self._drawn:
            # A text as a seed is hashed by the library itself, alike on every machine.
            self._drawn[key] = min(max(Random(f"{self.seed}/{case}/{purpose}").random(), 1e-12), 1 - 1e-12)
        return self._drawn[key]
