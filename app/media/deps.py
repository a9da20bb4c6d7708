"""What the operations on images are given."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.parts import Part
from app.media.service import ImageService

IMAGES = Part[ImageService]("images")


async def get_images(request: Request) -> ImageService:
    """The images of the shop."""
    return IMAGES.of(request)


Images = Annotated[ImageService, Depends(get_images)]
