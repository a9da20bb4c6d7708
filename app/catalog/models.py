"""Books, genres and the stock ledger."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey, Timestamp

SEARCH_VECTOR = (
    "setweight(to_tsvector('simple'::regconfig, bookstore_fold((title)::text)), 'A'::\"char\") || "
    "setweight(to_tsvector('simple'::regconfig, bookstore_fold((author)::text)), 'B'::\"char\")"
)
CHUNK_BITS = 12
CHUNK = 1 << CHUNK_BITS
"""So many ids, alike but for their last bits, a bitmap covers."""
_RANDOM = "hashtextextended((gen_random_uuid())::text, (0)::bigint)"
RATING_MEAN = "CASE WHEN rating_count > 0 THEN rating_sum::numeric / rating_count::numeric ELSE NULL::numeric END"


class Genre(Base):
    """A shelf of the shop."""

    __tablename__ = "genres"

    id: Mapped[IntKey]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[CreatedAt]


class Book(Base):
    """A title on sale. Stock changes only under the row lock, each change with a movement.

    `price` is in major units of the shop's currency. `rating_sum`, `rating_count` and `rating_mean` cover the
    reviews that are not deleted and are kept by a trigger on `reviews`; nothing else writes them. `picked_at` is when
    the staff began to recommend it. Without `weight_grams`, a usual weight is taken (`app/delivery/rules.py`).
    """

    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("stock_quantity >= 0", name="stock_not_negative"),
        CheckConstraint("weight_grams > 0", name="weight_grams_positive"),
        CheckConstraint("tax_category IN ('book', 'ebook', 'other')", name="tax_category"),
        Index("ix_books_title_id", "title", "id"),
        Index("ix_books_price_id", "price", "id"),
        Index("ix_books_publish_date_id", "publish_date", "id"),
        Index("ix_books_created_at_id", "created_at", "id"),
        Index("ix_books_publish_date_desc_id", literal_column("publish_date DESC NULLS LAST"), "id"),
        Index("ix_books_created_at_desc_id", literal_column("created_at DESC"), "id"),
        Index("ix_books_stock_quantity_id", "stock_quantity", "id"),
        Index("ix_books_rating_mean_id", "rating_mean", "id"),
        Index("ix_books_rating_mean_desc_id", literal_column("rating_mean DESC NULLS LAST"), "id"),
        Index("ix_books_search_vector", "search_vector", postgresql_using="gin"),
        Index("ix_books_picked_at_id", "picked_at", "id", postgresql_where=text("picked_at IS NOT NULL")),
        Index(
            "ix_books_title_author_trgm",
            literal_column("bookstore_fold((title::text || ' '::text) || author::text)").label("folded"),
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ),
        Index(
            "ix_books_author_lower_trgm",
            literal_column("lower(author::text)").label("lowered"),
            postgresql_using="gin",
            postgresql_ops={"lowered": "gin_trgm_ops"},
        ),
    )

    id: Mapped[IntKey]
    title: Mapped[str] = mapped_column(String(500, collation="C"))
    author: Mapped[str] = mapped_column(String(255), index=True)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    isbn: Mapped[str | None] = mapped_column(String(17), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    cover_image_url: Mapped[str | None] = mapped_column(String(2048))
    publish_date: Mapped[date | None]
    stock_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    genre_id: Mapped[int | None] = mapped_column(ForeignKey("genres.id"), index=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt] = mapped_column(onupdate=func.now())
    search_vector: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True), deferred=True)
    picked_at: Mapped[Timestamp | None]
    rating_sum: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    rating_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    rating_mean: Mapped[Decimal | None] = mapped_column(Numeric, Computed(RATING_MEAN, persisted=True))
    weight_grams: Mapped[int | None]
    tax_category: Mapped[str] = mapped_column(String(10), default="book", server_default="book")


class BookCounter(Base):
    """By how many books a statement changed the catalogue: all of them add up to the number of books.

    The stamps are random numbers and tell one state of the catalogue from another: whoever adds or removes books, or
    changes what they are found by, leaves a new one. Written by triggers on `books`, so that all who write
    have rows of their own and nobody waits for a counter.
    """

    __tablename__ = "book_counters"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    delta: Mapped[int]
    stamp: Mapped[int] = mapped_column(BigInteger, server_default=text(_RANDOM))


class BookWord(Base):
    """A word that stands, or once stood, in the title or author of a book, as `books.search_vector` has it.

    Written by triggers on `books`. Two who bring the same new word at once both leave it here: nobody waits.
    """

    __tablename__ = "book_words"
    __table_args__ = (
        Index("ix_book_words_word", "word"),
        Index("ix_book_words_word_trgm", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    word: Mapped[str] = mapped_column(Text)


class FrequentPrefix(Base):
    """The beginning of so many words in titles and authors that counting its hits takes long; it has bitmaps.

    Written by `bitmap_upkeep` alone, as its bitmaps are; those of one that is not `ready` are still to be drawn.
    """

    __tablename__ = "frequent_prefixes"

    prefix: Mapped[str] = mapped_column(Text, primary_key=True)
    ready: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class PrefixBitmap(Base):
    """Which of 4096 books hold a word that begins so, and which of them in the title.

    Bit `i` from the left of chunk `c` is the book with the id `4096 * c + i`; no row is no hit. As it was when it was
    drawn: for the books in `stale_books`, what the book itself says counts.
    """

    __tablename__ = "prefix_bitmaps"

    prefix: Mapped[str] = mapped_column(
        Text, ForeignKey("frequent_prefixes.prefix", ondelete="CASCADE"), primary_key=True
    )
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hits: Mapped[str] = mapped_column(BIT(CHUNK))
    in_title: Mapped[str] = mapped_column(BIT(CHUNK))


class StaleBook(Base):
    """A book that came, went or got other words since the bitmaps of its chunk were drawn. Written by triggers."""

    __tablename__ = "stale_books"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    book_id: Mapped[int] = mapped_column(index=True)


class StockMovement(Base):
    """One change of a book's stock. Append-only: a trigger refuses UPDATE and DELETE."""

    __tablename__ = "stock_movements"
    __table_args__ = (
        CheckConstraint("delta <> 0", name="delta_not_zero"),
        CheckConstraint("quantity_after >= 0", name="quantity_after_not_negative"),
        CheckConstraint(
            "kind IN ('opening', 'sale', 'set', 'adjustment', 'restock', 'cancellation', 'removal')", name="kind"
        ),
        Index("ix_stock_movements_book_id_id", "book_id", "id"),
        Index(
            "uq_stock_movements_order_id_book_id_sale",
            "order_id",
            "book_id",
            unique=True,
            postgresql_where=text("kind = 'sale'"),
        ),
        Index(
            "uq_stock_movements_order_id_book_id_cancellation",
            "order_id",
            "book_id",
            unique=True,
            postgresql_where=text("kind = 'cancellation'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    book_id: Mapped[int | None] = mapped_column(ForeignKey("books.id", ondelete="SET NULL"))
    book_title: Mapped[str] = mapped_column(String(500))
    delta: Mapped[int]
    quantity_after: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(200))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"), index=True)
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]
