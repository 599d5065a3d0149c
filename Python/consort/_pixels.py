"""Images as a member's input takes them: docs/inference.md, "The input"."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from consort._errors import ConsortError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Preprocessing:
    """What turns decoded images into the input of some members."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.height, self.width = int(content["height"]), int(content["width"])
        self._resizing: Mapping[str, Any] = content["resizing"]
        self._interpolation = str(content["interpolation"]).upper()
        self._mean = np.asarray(content["mean"], np.float32)
        self._deviation = np.asarray(content["standardDeviation"], np.float32)
        self._reverses = content["channelOrder"] == "bgr"
        self.is_channels_last = content["layout"] == "nhwc"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image in the input."""
        return (self.height, self.width, 3) if self.is_channels_last else (3, self.height, self.width)

    @property
    def keeps_size(self) -> bool:
        """Whether images have to have the input's size."""
        return bool(self._resizing["kind"] == "none")

    def resized(self, image: Any) -> NDArray[np.uint8]:
        """Returns `[height, width, 3]` of an array `[H, W, 3]` of bytes or an image of Pillow's."""
        if self._resizing["kind"] == "none":
            array = np.asarray(image)
            if array.shape[:2] != (self.height, self.width):
                raise ConsortError(
                    f"images: one has {array.shape[1]} x {array.shape[0]} pixels, and the ensemble takes {self.width} x {self.height}")
            return array
        return np.asarray(self._by_pillow(image))

    def _by_pillow(self, image: Any) -> Any:
        Image = pillow()
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        # Pillow begins with the rows of tall images; two steps are the same everywhere.
        filter, (width, height) = Image.Resampling[self._interpolation], image.size
        if self._resizing["kind"] == "shortSide":
            short = self._resizing["pixels"]
            size = tuple(short * side // min(width, height) for side in (width, height))
            left, top = (round((have - take) / 2) for have, take in zip(size, (self.width, self.height)))
            scaled = image.resize((size[0], height), filter).resize(size, filter)
            cropped = scaled.crop((left, top, left + self.width, top + self.height))
            if min(left, top) < 0:
                raise ConsortError("images: one is too narrow for the crop that the ensemble takes")
            return cropped
        share = np.float32(self.height / (self.height + self._resizing["padding"]))
        side = max(int(share * np.float32(min(width, height))), 1)
        left, top = (width - side + 1) // 2, (height - side + 1) // 2
        cropped = image.crop((left, top, left + side, top + side))
        return cropped.resize((self.width, side), filter).resize((self.width, self.height), filter)

    def fill(self, target: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
        """Writes `[N, height, width, 3]` bytes into the input, `[N, ...]` of its shape, as (pixel - mean) / deviation."""
        for channel in range(3):
            place = 2 - channel if self._reverses else channel
            plane = target[..., place] if self.is_channels_last else target[:, place]
            np.subtract(pixels[..., channel], self._mean[channel], out=plane, dtype=np.float32)
            np.divide(plane, self._deviation[channel], out=plane)


def pillow() -> Any:
    """Returns `PIL.Image`."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ConsortError("images: paths, and arrays of other sizes than the ensemble takes, need Pillow: pip install pillow") from error
    return Image


def decoded(images: Any) -> list[Any] | NDArray[np.uint8]:
    """Returns images as one array of bytes `[N, H, W, 3]`, or as a list of arrays and of Pillow's images."""
    if isinstance(images, np.ndarray):
        return _array(images)
    if isinstance(images, (str, os.PathLike)) or hasattr(images, "convert"):
        return [_one(images)]
    if hasattr(images, "detach"):
        raise ConsortError("images: a tensor does not say how it was normalised: give uint8 pixels, tensor.numpy(), [N, H, W, 3]")
    return [_one(each) for each in images]


def _array(images: NDArray[Any]) -> NDArray[np.uint8]:
    if images.dtype != np.uint8:
        raise ConsortError(f"images: their type is {images.dtype}, which does not say how they were scaled: give uint8 pixels, 0...255")
    array = images[None] if images.ndim == 3 else images
    if array.ndim != 4 or array.shape[3] != 3:
        hint = ": channels come last, so transpose them" if array.ndim == 4 and array.shape[1] == 3 else ""
        raise ConsortError(f"images: their shape is {images.shape}, not [N, H, W, 3] or [H, W, 3]{hint}")
    return array


def _one(image: Any) -> Any:
    if isinstance(image, np.ndarray):
        array = _array(image)
        if len(array) != 1:
            raise ConsortError(f"images: one of the list has the shape {image.shape}: give [H, W, 3] each, or one array of all")
        return array[0]
    if hasattr(image, "convert"):
        return image.convert("RGB")
    if isinstance(image, (str, os.PathLike)):
        try:
            with pillow().open(image) as file:
                return file.convert("RGB")
        except FileNotFoundError as error:
            raise ConsortError(f"images: '{os.fspath(image)}' is not there") from error
        except (OSError, ValueError, SyntaxError) as error:
            raise ConsortError(f"images: '{os.fspath(image)}' cannot be decoded ({error}): convert it to JPEG or PNG") from error
    raise ConsortError(f"images: {type(image).__name__} is no image: give arrays of uint8, paths, or images of Pillow's")
