"""Images and recordings as tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from qmlc.training.data.read_media import Sound, Unreadable, read_image, read_sound, shown_media
from qmlc.training.data.table import Table
from qmlc.training.data.transform import Arguments, Parts, State, Transform
from qmlc.training.errors import DataError

LUMA = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in grey (ITU-R BT.601)."""


def _resize(arguments: Arguments, state: State, table: Table) -> Tensor:
    height, width = arguments["size"]
    image = arguments["image"]
    if isinstance(image, Tensor):
        return torch.nn.functional.interpolate(
            image, (height, width), mode="bilinear", antialias=True
        )
    return _open_all(image, lambda picture: picture.resize((width, height), 2))


def _crop(arguments: Arguments, state: State, table: Table) -> Tensor:
    """The middle of each image; what is smaller is put in the middle of black."""
    height, width = arguments["size"]
    image = arguments["image"]
    if isinstance(image, Tensor):
        top, left = (image.shape[-2] - height) // 2, (image.shape[-1] - width) // 2
        return image[..., top : top + height, left : left + width]

    def middle(picture: Any) -> Any:
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        return picture.crop((left, top, left + width, top + height))

    return _open_all(image, middle)


def _random_crop(arguments: Arguments, state: State, table: Table) -> Tensor:
    """A part of each image with black around it; the middle where nothing is drawn."""
    image = torch.nn.functional.pad(arguments["image"], (arguments["padding"],) * 4)
    generator = arguments["generator"]
    if generator is None:
        return _crop({**arguments, "image": image}, state, table)
    height, width = arguments["size"]
    count, channels = image.shape[:2]

    def places(size: int, part: int) -> Tensor:
        start = torch.randint(size - part + 1, (count, 1), generator=generator)
        return start + torch.arange(part)

    rows, columns = places(image.shape[-2], height), places(image.shape[-1], width)
    index = (torch.arange(count)[:, None, None, None], torch.arange(channels)[:, None, None])
    part: Tensor = image[(*index, rows[:, None, :, None], columns[:, None, None, :])]
    return part


def _random_flip(arguments: Arguments, state: State, table: Table) -> Tensor:
    image: Tensor = arguments["image"]
    generator = arguments["generator"]
    if generator is None:
        return image
    chosen = torch.rand(len(image), generator=generator) < arguments["p"]
    return torch.where(chosen[:, None, None, None], image.flip(-1), image)


def _open_all(column: Any, change: Callable[[Any], Any]) -> Tensor:
    """The images of a column, `[N, 3, height, width]` between 0 and 1, each changed first."""
    pictures = []
    for file in column:
        changed = np.asarray(change(_readable(file, read_image)), dtype="float64") / 255
        pictures.append(torch.from_numpy(changed).permute(2, 0, 1))
    return torch.stack(pictures)


def _readable(file: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(file)
    except Unreadable as error:
        help = 'mend it or take it away; `broken="drop"` in the source leaves such files out'
        raise DataError("E0702", str(error), help, shown_media(file)) from None


def _grayscale(arguments: Arguments, state: State, table: Table) -> Tensor:
    weights = torch.tensor(LUMA, dtype=torch.float64)[:, None, None]
    grey: Tensor = (arguments["image"] * weights).sum(1, keepdim=True)
    return grey


def _normalize(arguments: Arguments, state: State, table: Table) -> Tensor:
    mean, std = (
        torch.tensor(arguments[n], dtype=torch.float64)[:, None, None] for n in ("mean", "std")
    )
    result: Tensor = (arguments["image"] - mean) / std
    return result


def _fit_spectrogram(parts: Parts) -> State:
    """How many samples a second the recordings have: those of the first one."""
    arguments, _ = next(iter(parts))
    return {"rate": _readable(arguments["audio"].iloc[0], read_sound).rate}


def _spectrogram(arguments: Arguments, state: State, table: Table) -> Tensor:
    """Squared magnitudes of the short-time Fourier transform under Hann windows."""
    length, size = arguments["length"], arguments["n_fft"]
    sounds = []
    for file in arguments["audio"]:
        sound: Sound = _readable(file, lambda name: read_sound(name, length))
        if sound.rate != state["rate"]:
            message = f"this has {sound.rate} samples a second, the training rows {state['rate']}"
            help = f"resample it: `ffmpeg -i in.wav -ar {state['rate']} out.wav`"
            raise DataError("E0702", message, help, shown_media(file))
        samples = torch.from_numpy(sound.samples)
        sounds.append(torch.nn.functional.pad(samples, (0, length - len(samples))))
    window = torch.hann_window(size, dtype=torch.float64)
    spectrum = torch.stft(
        torch.stack(sounds), size, arguments["hop_length"], window=window, return_complex=True
    )
    return spectrum.abs() ** 2


MEDIA_TRANSFORMS: dict[str, Transform] = {
    "resize": Transform(_resize, raw=True),
    "crop": Transform(_crop, raw=True),
    "random_crop": Transform(_random_crop),
    "random_flip": Transform(_random_flip),
    "grayscale": Transform(_grayscale),
    "normalize": Transform(_normalize),
    "spectrogram": Transform(_spectrogram, _fit_spectrogram, raw=True),
}
"""How each function of a data block that concerns images and recordings is computed."""
