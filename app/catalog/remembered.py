"""What a process has found out about the catalogue, for as long as the catalogue stays as it was."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Known = TypeVar("Known")


class Remembered(Generic[Known]):
    """Answers by question, the latest `limit` of them.

    Each belongs to a state of the catalogue (`tally.state_of_books`) that must be read in the very statement that
    found it, and is given out only to who sees the same state: nothing has to be told to the other processes, and
    no transaction, nor one that rolls back, can leave a wrong answer to others.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: OrderedDict[tuple[Hashable, int], Known] = OrderedDict()

    def get(self, question: Hashable, state: int) -> Known | None:
        """The answer, if it is known in that state."""
        known = self._answers.get((question, state))
        if known is not None:
            self._answers.move_to_end((question, state))
        return known

    def keep(self, question: Hashable, state: int, answer: Known) -> None:
        """Keep the answer; what has not been asked for longest is forgotten."""
        self._answers[question, state] = answer
        self._answers.move_to_end((question, state))
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
