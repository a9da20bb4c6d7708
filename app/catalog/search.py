"""Search: words as prefixes in title and author, ISBNs in either form, trigrams for what was mistyped."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    REAL,
    Boolean,
    ColumnElement,
    Integer,
    and_,
    cast,
    desc,
    func,
    literal,
    not_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.isbn import isbn_in_query
from app.catalog.models import Book
from app.catalog.query import BookQuery
from app.catalog.repository import conditions
from app.catalog.rules import fuzzy, too_deep

MIN_SIMILARITY = "0.45"
_SIMPLE = cast("simple", REGCONFIG)
_WEIGHTS = cast([0.0, 0.0, 0.1, 1.0], ARRAY(REAL))  # D, C, B (author), A (title)
COMMON = 2000
"""More hits than that are not weighed one by one: whoever searches for `the` cannot be told which is the best."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What makes a book a hit, and the scores that order the hits, the first one first, each descending.

    `best` are the hits that come first where there are too many to be weighed; None: all are weighed.
    """

    condition: ColumnElement[bool]
    scores: Sequence[ColumnElement[float | int]]
    best: ColumnElement[bool] | None = None


class BookSearch:
    """Searching in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, query: BookQuery) -> tuple[int, list[Book]]:
        """The number of hits and the page of them that was asked for; `query.q` must be given."""
        q = query.q or ""
        if isbn := isbn_in_query(q):
            total, books = await self._hits(query, _Match(Book.isbn == isbn, []))
            if total:
                return total, books
        words = await self._words(q)
        for match in _matches(words):
            total, books = await self._hits(query, match)
            if total:
                return total, books
        return 0, []

    async def _words(self, q: str) -> list[str]:
        """The words of `q`, folded as titles are.

        Sets, for this transaction, how similar a word must be, and memory for the places of many hits.
        """
        settings = {"pg_trgm.word_similarity_threshold": MIN_SIMILARITY, "work_mem": "16MB"}
        configured = [func.set_config(name, value, True) for name, value in settings.items()]
        row = (await self._session.execute(select(func.bookstore_fold(q), *configured))).one()
        words = list(dict.fromkeys(row[0].split()))
        return words if all(word.isascii() for word in words) or await self._all_known(words) else []

    async def _all_known(self, words: list[str]) -> bool:
        """Whether the parser makes something of every word: it passes over letters it does not know in silence."""
        nodes = [func.numnode(_tsquery(_prefix(word))) > 0 for word in words]
        return bool(await self._session.scalar(select(and_(*nodes))))

    async def _hits(self, query: BookQuery, match: _Match) -> tuple[int, list[Book]]:
        """Count the hits and fetch a page of them in one statement; only ids and scores are sorted."""
        scores = [score.label(f"score_{number}") for number, score in enumerate(match.scores)]
        found = select(Book.id, *scores).where(match.condition, *conditions(query.filter))
        hits = (found if match.best is None else found.limit(COMMON + 1)).cte("hits")
        order = [*(desc(hits.c[score.name]) for score in scores), hits.c.id]
        page = select(hits).order_by(*order).limit(query.size).offset(query.offset).subquery("page")
        total = select(func.count().label("total")).select_from(hits).subquery("total")
        order = [*(desc(page.c[score.name]) for score in scores), page.c.id]
        statement = (
            select(total.c.total, Book)
            .select_from(total.outerjoin(page, true()).outerjoin(Book, Book.id == page.c.id))
            .order_by(*order)
        )
        rows = (await self._session.execute(statement)).all()
        if match.best is not None and rows[0].total > COMMON:
            return await self._unweighed(query, match.condition, match.best)
        return rows[0].total, [row.Book for row in rows if row.Book]

    async def _unweighed(
        self, query: BookQuery, condition: ColumnElement[bool], best: ColumnElement[bool]
    ) -> tuple[int, list[Book]]:
        """The number of very many hits and a page of them: the best first, then the others, each by id."""
        total = await self._count(query, condition)
        if too_deep(query.page, query.size, total):
            return total, []
        books = await self._by_id(query, best, query.offset, query.size)
        if len(books) < query.size:
            before = max(query.offset - await self._count(query, best), 0)
            books += await self._by_id(query, and_(condition, not_(best)), before, query.size - len(books))
        return total, books

    async def _count(self, query: BookQuery, condition: ColumnElement[bool]) -> int:
        counting = select(func.count()).select_from(Book).where(condition, *conditions(query.filter))
        return (await self._session.execute(counting)).scalar_one()

    async def _by_id(self, query: BookQuery, condition: ColumnElement[bool], offset: int, limit: int) -> list[Book]:
        listed = select(Book).where(condition, *conditions(query.filter)).order_by(Book.id)
        return list(await self._session.scalars(listed.offset(offset).limit(limit)))


def _matches(words: list[str]) -> list[_Match]:
    """What to try, in turn; nothing without words."""
    if not words:
        return []
    similar = [word for word in words if fuzzy(word)]
    return [_by_words(words), *([_by_trigrams(words, similar)] if similar else [])]


def _by_words(words: list[str]) -> _Match:
    """Every word is the beginning of one in title or author.

    A word in the title counts more than any number of hits in the author, and of hits alike those on whole words come
    first.
    """
    in_title = [cast(_holds(_prefix(word, "A")), Integer) for word in words]
    whole = _tsquery(" | ".join(f"'{word}'" for word in words))
    scores = [sum(in_title[1:], in_title[0]), func.ts_rank(_WEIGHTS, Book.search_vector, whole)]
    best = _holds(" & ".join(_prefix(word, "A") for word in words))
    return _Match(_holds(" & ".join(_prefix(word) for word in words)), scores, best)


def _by_trigrams(words: list[str], similar: list[str]) -> _Match:
    """The long words resemble a part of title and author; the short ones begin a word there, as ever."""
    short = [_prefix(word) for word in words if word not in similar]
    resembling = [literal(word).op("<%", return_type=Boolean())(Book.folded) for word in similar]
    likeness = [func.word_similarity(word, Book.folded) for word in similar]
    begun = [_holds(" & ".join(short))] if short else []
    return _Match(and_(*resembling, *begun), [sum(likeness[1:], likeness[0])])


def _holds(tsquery: str) -> ColumnElement[bool]:
    return Book.search_vector.op("@@", return_type=Boolean())(_tsquery(tsquery))


def _tsquery(text: str) -> ColumnElement[str]:
    return func.to_tsquery(_SIMPLE, text)


def _prefix(word: str, weight: str = "") -> str:
    """The word as the beginning of a lexeme. Folded words have nothing but letters and digits, so quotes are safe."""
    return f"'{word}':*{weight}"
