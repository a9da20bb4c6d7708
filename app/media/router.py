"""POST /uploads/images."""

from typing import Any

from fastapi import APIRouter, Request

from app.accounts.deps import AdminUser
from app.audit.service import record
from app.core.db.route import Session, TransactionRoute
from app.core.db.transaction import release
from app.core.errors import invalid_input
from app.core.openapi import problems
from app.media.deps import Images
from app.media.errors import FileExpected
from app.media.schemas import UploadedImage
from app.media.service import ImageService
from app.media.uploads import FIELD, read_upload

router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=TransactionRoute)

FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary", "description": "The image"}},
            },
            "encoding": {"file": {"contentType": "image/jpeg, image/png, image/webp"}},
        }
    },
}


@router.post(
    "/images",
    summary="Upload a cover",
    responses=problems("UPLOAD_TYPE_UNSUPPORTED", "UPLOAD_IMAGE_INVALID"),
    openapi_extra={"requestBody": FORM},
)
async def upload_image(request: Request, admin: AdminUser, session: Session, images: Images) -> UploadedImage:
    """A cover as JPEG, PNG or WebP, of at most `UPLOAD_MAX_BYTES` and 40 megapixels. The content decides the type.

    It is decoded and written anew as WebP in three sizes, upright, in sRGB and without metadata. The same picture
    has the same address however often it comes. Until a book names it, it is kept for a day.
    """
    await release(session)
    state = request.state
    if not hasattr(state, "image"):  # when the transaction below is repeated, the body has been read
        state.image = UploadedImage.of(await _keep(request, images))
    image: UploadedImage = state.image
    await record(session, admin, "image.uploaded", after={"url": image.url})
    return image


async def _keep(request: Request, images: ImageService) -> str:
    try:
        async with read_upload(request, images.max_bytes) as file:
            return await images.keep(await file.read(), file.content_type)
    except FileExpected as error:
        raise invalid_input(
            "body", FIELD, message=f"one image in a multipart form is required: {error.detail}", kind="missing"
        ) from error
