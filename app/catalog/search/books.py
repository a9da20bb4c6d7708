"""Search: words as prefixes in title and author, ISBNs in either form, trigrams for what was mistyped."""

from array import array
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    CTE,
    REAL,
    Integer,
    Label,
    ScalarSelect,
    Subquery,
    any_,
    bindparam,
    case,
    cast,
    desc,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import SearchTooLong
from app.catalog.isbn import isbn_in_query
from app.catalog.models import Book
from app.catalog.query import BookFilter, BookQuery, conditions
from app.catalog.rules import DEEPEST_ROW, MAX_WORDS, fuzzy
from app.catalog.search.bitmaps import (
    Bits,
    Masks,
    bits_of,
    count_of,
    difference,
    first_of,
    intersection,
    read_masks,
    union,
)
from app.catalog.search.cache import VersionedCache
from app.catalog.search.counters import catalogue_version, number_of_books
from app.catalog.search.matching import (
    Match,
    Resembling,
    Term,
    by_resembling_words,
    by_trigrams,
    by_words,
    known_to_the_parser,
)
from app.catalog.view import COLUMNS, BookView
from app.core.db.driver import OnDriver

LARGE = 20_000
"""With more books than that, some words may have bitmaps, and what was mistyped is looked up among all words first,
not in every title.
"""
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
    state: int | None
    """None where the catalogue changed while they were looked for."""

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


@dataclass(frozen=True, slots=True)
class _Part:
    """The books that satisfy a part of a search, the best of them, and the state that was read last."""

    hits: Bits
    best: Bits
    state: int


# Words, and two that were written as one. Whether a word is a frequent prefix, and if so, whether there is no other
# that begins so and does not resemble: then its bitmap speaks for it.
_RESEMBLING = text("""
    WITH asked AS (
        SELECT unnest(CAST(:similar AS text[])) AS asked
    ), alike AS (
        SELECT DISTINCT asked, word FROM asked JOIN book_words ON word %> asked
    ), halves AS (
        SELECT asked, left(asked, n) AS first, right(asked, -n) AS second
        FROM asked, generate_series(1, length(asked) - 1) AS n
    )
    SELECT asked, ARRAY[word], word_similarity(asked, word),
           prefix IS NOT NULL AS frequent,
           prefix IS NOT NULL AND NOT EXISTS (
               SELECT FROM book_words AS longer WHERE longer.word LIKE prefix || '%' AND NOT longer.word %> asked)
    FROM alike LEFT JOIN frequent_prefixes ON prefix = word
    UNION ALL
    SELECT asked, ARRAY[first, second], word_similarity(asked, first || ' ' || second), false, false
    FROM halves
    WHERE EXISTS (SELECT FROM book_words WHERE word = first) AND EXISTS (SELECT FROM book_words WHERE word = second)
        AND (first || ' ' || second) %> asked
""")
_BY_IDS = OnDriver(select(*COLUMNS).where(Book.id == any_(bindparam("ids", type_=ARRAY(Integer)))))
_Found = tuple[_Hits, list[BookView]]
MOST_IDS = 2_000_000
"""The searches that a process remembers have so many ids in all: 8 MB."""
_REMEMBERED: VersionedCache[_Hits] = VersionedCache(1000, MOST_IDS, lambda hits: len(hits.first))


def forget_searches() -> None:
    """Have this process remember no search, to see what a first one takes."""
    _REMEMBERED.clear()


class BookSearch:
    """Searching in the transaction of a session."""

    def __init__(self, session: AsyncSession, max_words: int = MAX_WORDS) -> None:
        self._session = session
        self._max_words = max_words

    async def find(self, query: BookQuery) -> tuple[int, list[BookView]]:
        """The number of hits and the page of them that was asked for; `query.q` must be given.

        Raises:
            SearchTooLong: it has more words than `max_words`, those that are there twice not counted.
        """
        q = query.q or ""
        if isbn := isbn_in_query(q):
            hits, books = await self._ranked(query, Match(Book.isbn == isbn))
            if hits.total:
                return hits.total, books
        start = await self._start(q)
        if len(start.words) > self._max_words:
            raise SearchTooLong(self._max_words)
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
        query = select(func.bookstore_fold(q), number_of_books(), catalogue_version(), *settings)
        folded, books, state, *_ = (await self._session.execute(query)).one()
        return _Start(list(dict.fromkeys(folded.split())), books, state)

    async def _all_known(self, words: list[str]) -> bool:
        if all(word.isascii() for word in words):
            return True
        return bool(await self._session.scalar(select(known_to_the_parser(words))))

    async def _found(self, query: BookQuery, start: _Start) -> _Found:
        """By words; if there is nothing, by words that resemble them."""
        large = start.books > LARGE
        masks = await self._masks(query, start.words) if large else None
        frequent = masks.of.keys() if masks else ()
        found = await self._matching(query, by_words(start.words, frequent), masks)
        similar = [word for word in start.words if fuzzy(word)]
        if found[0].total or not similar:
            return found
        if not large:
            return await self._ranked(query, by_trigrams(start.words, similar))
        match = by_resembling_words(start.words, similar, await self._resembling(similar), frequent)
        if match is None:
            return found
        return await self._matching(query, match, await self._masks(query, match.prefixes))

    async def _resembling(self, similar: list[str]) -> list[Resembling]:
        """The words of the catalogue that resemble these."""
        rows = await self._session.execute(_RESEMBLING, {"similar": similar})
        return [Resembling(*row) for row in rows]

    async def _masks(self, query: BookQuery, words: Collection[str]) -> Masks | None:
        """A filter besides the words is the index's business."""
        return await read_masks(self._session, words) if words and query.filter == BookFilter() else None

    async def _matching(self, query: BookQuery, match: Match, masks: Masks | None) -> _Found:
        """By the bitmaps where they speak for a part of the search, else by the index alone."""
        if masks is None or not match.prefixes or not match.prefixes <= masks.of.keys():
            return await self._ranked(query, match)
        parts = [await self._books_of(term, masks) for term in match.terms]
        hits, best = intersection(*(part.hits for part in parts)), intersection(*(part.best for part in parts))
        total = count_of(hits)
        if total <= match.weighed:
            return await self._ranked(query, match.among(first_of(hits, best, total)))
        states = {part.state for part in parts}
        found = _Hits(total, first_of(hits, best, _most(query)), states.pop() if len(states) == 1 else None)
        return found, await self._books(list(found.first[query.offset : query.end]))

    async def _books_of(self, term: Term, masks: Masks) -> _Part:
        """The books that satisfy a term."""
        hits = union(*(masks.of[prefix].hits for prefix in term.prefixes))
        liked = (masks.of[prefix] for prefix in term.best)
        best = union(*(mask.in_title if term.in_title else mask.hits for mask in liked))
        if term.index is None:
            return _Part(hits, best, masks.state)
        ids = func.array_agg(Book.id)
        parts = (ids.filter(part) for part in (term.rest, term.worse, term.best_of_rest))
        asked = select(catalogue_version(), *parts).where(term.index)
        state, *found = (await self._session.execute(asked)).one()
        rest, worse, best_of_rest = (bits_of(ids or ()) for ids in found)
        best = union(difference(best, worse), best_of_rest)
        return _Part(union(hits, rest), best, state)

    async def _ranked(self, query: BookQuery, match: Match) -> _Found:
        """Look at all hits in one statement; only ids and scores are sorted."""
        is_best = [] if match.best is None else [cast(cast(match.best, Integer), REAL).label("score_0")]
        found = select(Book.id, *(is_best or _scores(match))).where(match.condition, *conditions(query.filter))
        hits = found.cte("hits").prefix_with("MATERIALIZED")
        total = select(func.count().label("total"), catalogue_version().label("state")).select_from(hits).cte("total")
        scored = _weighed(match, hits, select(total.c.total).scalar_subquery()) if is_best else hits
        order = [*(desc(column) for column in scored.c if column.name != "id"), scored.c.id]
        ordered = select(scored.c.id).order_by(*order).limit(_most(query)).subquery()
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


def _most(query: BookQuery) -> int:
    """So many ids are worth knowing."""
    return FIRST if query.end <= FIRST else DEEPEST_ROW


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
