"""Search: words as prefixes in title and author, ISBNs in either form, trigrams for what was mistyped."""

from array import array
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    CTE,
    REAL,
    Boolean,
    Integer,
    Label,
    ScalarSelect,
    Subquery,
    Text,
    any_,
    bindparam,
    case,
    cast,
    desc,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.isbn import isbn_in_query
from app.catalog.matching import (
    Match,
    Resembling,
    by_resembling_words,
    by_trigrams,
    by_words,
    known_to_the_parser,
)
from app.catalog.models import Book, BookWord
from app.catalog.query import BookQuery
from app.catalog.remembered import Remembered
from app.catalog.repository import conditions
from app.catalog.rules import DEEPEST_ROW, fuzzy
from app.catalog.tally import number_of_books, state_of_books
from app.catalog.view import COLUMNS, BookView
from app.core.db.driver import OnDriver

LARGE = 20_000
"""With more books than that, what was mistyped is looked up among all words first, not in every title."""
FIRST = 1000
"""The ids of so many hits are looked up and remembered, all that pages can reach once a page goes beyond these."""
# For this transaction. A plan that suits `the` is a disaster for `theodolite`, and a scan of all books for either.
_SETTINGS = {
    "pg_trgm.word_similarity_threshold": "0.45",
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "work_mem": "16MB",
}


@dataclass(frozen=True, slots=True)
class _Hits:
    """How many hits there are, and the ids of the first, as long as the catalogue stays in that state."""

    total: int
    first: "array[int]"
    state: int

    def page(self, query: BookQuery) -> list[int] | None:
        """The ids of a page; None where it has others than the first."""
        if query.end > len(self.first) < min(self.total, DEEPEST_ROW):
            return None
        return list(self.first[query.offset : query.end])


@dataclass(frozen=True, slots=True)
class _Start:
    """The words of a search, how many books there are, and the state of the catalogue."""

    words: list[str]
    books: int
    state: int


_BY_IDS = OnDriver(select(*COLUMNS).where(Book.id == any_(bindparam("ids", type_=ARRAY(Integer)))))
_Found = tuple[_Hits, list[BookView]]
_REMEMBERED: Remembered[_Hits] = Remembered(1000)


class BookSearch:
    """Searching in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, query: BookQuery) -> tuple[int, list[BookView]]:
        """The number of hits and the page of them that was asked for; `query.q` must be given."""
        q = query.q or ""
        if isbn := isbn_in_query(q):
            hits, books = await self._ranked(query, Match(Book.isbn == isbn))
            if hits.total:
                return hits.total, books
        start = await self._start(q)
        if not start.words or not await self._all_known(start.words):
            return 0, []
        question = (*start.words, query.filter)
        known = _REMEMBERED.get(question, start.state)
        if known and (page := known.page(query)) is not None:
            return known.total, await self._books(page)
        hits, books = await self._found(query, start)
        # What is in stock changes with every order: no state of the catalogue tells of it.
        if hits.state == start.state and query.filter.in_stock is None:
            _REMEMBERED.keep(question, hits.state, hits)
        return hits.total, books

    async def _start(self, q: str) -> _Start:
        settings = [func.set_config(name, value, True) for name, value in _SETTINGS.items()]
        query = select(func.bookstore_fold(q), number_of_books(), state_of_books(), *settings)
        folded, books, state, *_ = (await self._session.execute(query)).one()
        return _Start(list(dict.fromkeys(folded.split())), books, state)

    async def _all_known(self, words: list[str]) -> bool:
        if all(word.isascii() for word in words):
            return True
        return bool(await self._session.scalar(select(known_to_the_parser(words))))

    async def _found(self, query: BookQuery, start: _Start) -> _Found:
        """By words; if there is nothing, by words that resemble them."""
        found = await self._ranked(query, by_words(start.words))
        similar = [word for word in start.words if fuzzy(word)]
        if not found[0].total and similar and start.books > LARGE:
            match = by_resembling_words(start.words, similar, await self._resembling(similar))
            found = await self._ranked(query, match) if match else found
        if not found[0].total and similar:
            found = await self._ranked(query, by_trigrams(start.words, similar))
        return found

    async def _resembling(self, similar: list[str]) -> list[Resembling]:
        """The words of the catalogue that resemble these."""
        asked = func.unnest(cast(similar, ARRAY(Text))).table_valued("word", name="asked").render_derived()
        likeness = func.word_similarity(asked.c.word, BookWord.word)
        query = select(asked.c.word, BookWord.word, likeness).distinct()
        query = query.join_from(asked, BookWord, BookWord.word.op("%>", return_type=Boolean())(asked.c.word))
        return [Resembling(*row) for row in await self._session.execute(query)]

    async def _ranked(self, query: BookQuery, match: Match) -> _Found:
        """Look at all hits in one statement; only ids and scores are sorted."""
        is_best = [] if match.best is None else [cast(cast(match.best, Integer), REAL).label("score_0")]
        found = select(Book.id, *(is_best or _scores(match))).where(match.condition, *conditions(query.filter))
        hits = found.cte("hits").prefix_with("MATERIALIZED")
        total = select(func.count().label("total"), state_of_books().label("state")).select_from(hits).cte("total")
        scored = _weighed(match, hits, select(total.c.total).scalar_subquery()) if is_best else hits
        order = [*(desc(column) for column in scored.c if column.name != "id"), scored.c.id]
        ordered = select(scored.c.id).order_by(*order).limit(FIRST if query.end <= FIRST else DEEPEST_ROW).subquery()
        ranks = select(ordered.c.id, func.row_number().over().label("place")).cte("ranks")
        page = select(ranks).order_by(ranks.c.place).offset(query.offset).limit(query.size).subquery("page")
        first = func.array(select(ranks.c.id).order_by(ranks.c.place).scalar_subquery())
        begins = func.coalesce(page.c.place, query.offset + 1) == query.offset + 1
        statement = (
            select(total, case((begins, first)).label("first"), *COLUMNS)
            .select_from(total.outerjoin(page, true()).outerjoin(Book, Book.id == page.c.id))
            .order_by(page.c.place)
        )
        rows = (await self._session.execute(statement)).all()
        hits_found = _Hits(rows[0].total, array("i", rows[0].first), rows[0].state)
        return hits_found, [BookView(*book) for _1, _2, _3, *book in rows if book[0] is not None]

    async def _books(self, ids: list[int]) -> list[BookView]:
        """These books, in this order."""
        if not ids:
            return []
        found = {row["id"]: BookView(*row) for row in await _BY_IDS.fetch(self._session, ids=ids)}
        return [found[book_id] for book_id in ids if book_id in found]


def _scores(match: Match) -> list[Label[float]]:
    return [cast(score, REAL).label(f"score_{number}") for number, score in enumerate(match.scores)]


def _weighed(match: Match, hits: CTE, total: ScalarSelect[int]) -> Subquery:
    """The hits with their scores; where there are too many of them, with whether they are of the best.

    Which of the two it will be is known only when they are counted: the other one is never executed.
    """
    few = select(hits.c.id).limit(match.weighed).subquery("few")
    weighed = select(Book.id, *_scores(match)).join(few, few.c.id == Book.id).where(total <= match.weighed)
    blank = [literal(0, REAL).label(f"score_{number}") for number in range(1, len(match.scores))]
    return union_all(weighed, select(hits, *blank).where(total > match.weighed)).subquery("scored")
