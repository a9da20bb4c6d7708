"""A law of the shop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """`query` returns the offending rows, so none when all is well.

    Its columns have names of their own and are integers or texts: what shows a reader which rows are at fault, the
    leading two telling them apart. It stays one pass over each table, also where there are millions of rows.
    """

    name: str
    sentence: str
    query: str
