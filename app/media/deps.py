"""What the operations on images are given."""

from typing import Annotated

from fastapi import Depends, Request

from app.media.service import ImageService


async def get_images(request: Request) -> ImageService:
    """The images of the shop."""
    return request.app.state.images  # type: ignore[no-any-return]


Images = Annotated[ImageService, Depends(get_images)]
