"""Laws of those who wait for a book."""

from app.verify.invariant import Invariant

WAITING_LAWS = (
    Invariant(
        "nobody_waits_for_books_in_stock",
        "Nobody waits for a book that is in stock.",
        """
        SELECT pre_bookings.id AS pre_booking_id, book_id, stock_quantity
        FROM pre_bookings JOIN books ON books.id = book_id
        WHERE status = 'waiting' AND stock_quantity > 0
        """,
    ),
    # Also where the copies have been sold since. A pre-booking has the time of the statement that wrote it under the
    # lock of the book, a movement the time when its transaction began: if that is later, it found the pre-booking.
    Invariant(
        "no_restock_passes_anybody_over",
        "No pre-booking waits that is older than the last time when its book came back in stock.",
        """
        SELECT pre_bookings.id AS pre_booking_id, book_id, pre_bookings.created_at::text, back_at::text
        FROM pre_bookings
        JOIN (
            SELECT book_id, max(created_at) AS back_at
            FROM stock_movements WHERE delta = quantity_after AND book_id IS NOT NULL GROUP BY book_id
        ) restocks USING (book_id)
        WHERE status = 'waiting' AND pre_bookings.created_at < back_at
        """,
    ),
    Invariant(
        "pre_bookings_tell_their_times",
        "Each pre-booking has the times that its status says: none, that of the notice, that of the cancellation.",
        """
        SELECT id AS pre_booking_id, user_id, status::text, notified_at::text, cancelled_at::text
        FROM pre_bookings
        WHERE CASE status
              WHEN 'waiting' THEN notified_at IS NOT NULL OR cancelled_at IS NOT NULL
              WHEN 'notified' THEN notified_at IS NULL OR cancelled_at IS NOT NULL
              ELSE cancelled_at IS NULL END
        """,
    ),
)
