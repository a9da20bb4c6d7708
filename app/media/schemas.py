"""Images on the wire."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from app.media.rules import file_names

_EXAMPLE = "/uploads/0123456789abcdef0123456789abcdef"
ImagePath = Annotated[str, Field(pattern=r"^/uploads/[0-9a-f]{32}(-(160|320))?\.(jpg|png|webp)$")]


class ImageSizes(BaseModel):
    """Paths by size: at most 160, 320 and 640 pixels wide, never wider than what was uploaded."""

    small: ImagePath = Field(examples=[f"{_EXAMPLE}-160.webp"])
    medium: ImagePath = Field(examples=[f"{_EXAMPLE}-320.webp"])
    large: ImagePath = Field(examples=[f"{_EXAMPLE}.webp"])


class UploadedImage(BaseModel):
    """A stored image; `url` is its largest size, to be given to a book as `cover_image_url`."""

    url: ImagePath = Field(examples=[f"{_EXAMPLE}.webp"])
    sizes: ImageSizes

    @classmethod
    def of(cls, stem: str) -> Self:
        """The image whose files bear that stem."""
        sizes = ImageSizes(**{size: f"/uploads/{name}" for size, name in file_names(stem).items()})
        return cls(url=sizes.large, sizes=sizes)
