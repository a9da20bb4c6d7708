"""A cover for a book."""

from fastapi import APIRouter, Request, Response

from app.catalog.deps import Books
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.errors import DomainError
from app.media.deps import Images
from app.media.schemas import UploadedImage
from app.media.service import ImageService
from app.media.uploads import read_upload
from app.web.access import Staff
from app.web.errors import Answered
from app.web.route import see_other
from app.web.staff.query_params import number
from app.web.staff.uploads import COVER, UploadRoute
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=UploadRoute)


@router.post(COVER)
async def upload_cover(
    request: Request, session: Session, staff: Staff, visitor: AnyVisitor, books: Books, images: Images
) -> Response:
    """Store the picture and give it to the book."""
    book_id = number(request.query_params.get("book", "")) or 0
    book = await books.get(book_id)
    page = f"/staff/books/{book.id}"
    await release(session)
    try:
        image = await _kept(request, images)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(page)) from error
    await books.change(book_id, {"cover_image_url": image.url}, staff)
    visitor.flash("The book has a new cover.")
    return see_other(page)


async def _kept(request: Request, images: ImageService) -> UploadedImage:
    """The stored picture; read once, also when the transaction is repeated."""
    state = request.state
    if not hasattr(state, "image"):
        async with read_upload(request, images.max_bytes) as file:
            state.image = UploadedImage.of(await images.keep(await file.read(), file.content_type))
    image: UploadedImage = state.image
    return image
