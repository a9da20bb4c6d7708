"""What a process has found out about the catalogue, for as long as the catalogue stays as it was."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Known = TypeVar("Known")


def _light(_: object) -> int:
    return 1


class VersionedCache(Generic[Known]):
    """Answers by question, the latest `limit` of them, and fewer where together they weigh more than `most`.

    Each belongs to a version of the catalogue (`counters.catalogue_version`) that must be read in the very statement
    that found it, and is given out only to who sees the same version: nothing has to be told to the other processes,
    and no transaction, nor one that rolls back, can leave a wrong answer to others.
    """

    def __init__(self, limit: int, most: int | None = None, weigh: Callable[[Known], int] = _light) -> None:
        self._limit = limit
        self._most = limit if most is None else most
        self._weigh = weigh
        self._weight = 0
        self._answers: OrderedDict[tuple[Hashable, int], Known] = OrderedDict()

    def get(self, question: Hashable, state: int) -> Known | None:
        """The answer, if it is known in that state."""
        known = self._answers.get((question, state))
        if known is not None:
            self._answers.move_to_end((question, state))
        return known

    def keep(self, question: Hashable, state: int, answer: Known) -> None:
        """Keep the answer; what has not been asked for longest is forgotten."""
        replaced = self._answers.pop((question, state), None)
        if replaced is not None:
            self._weight -= self._weigh(replaced)
        self._answers[question, state] = answer
        self._weight += self._weigh(answer)
        while len(self._answers) > self._limit or self._weight > self._most:
            _, forgotten = self._answers.popitem(last=False)
            self._weight -= self._weigh(forgotten)

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._weight = 0
