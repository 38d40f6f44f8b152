"""Images and recordings as tensors."""

from __future__ import annotations

import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from qmlc.training.import_optional import import_optional
from qmlc.training.table import Table
from qmlc.training.transform import Arguments, State, Transform

LUMA = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in grey (ITU-R BT.601)."""


def _resize(arguments: Arguments, state: State, table: Table) -> Tensor:
    height, width = arguments["size"]
    image = arguments["image"]
    if isinstance(image, Tensor):
        return torch.nn.functional.interpolate(
            image, (height, width), mode="bilinear", antialias=True
        )
    return _open_all(image, table, lambda picture: picture.resize((width, height), 2))


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

    return _open_all(image, table, middle)


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


def _open_all(column: Any, table: Table, change: Callable[[Any], Any]) -> Tensor:
    """The images of a column, `[N, 3, height, width]` between 0 and 1, each changed first."""
    library = import_optional("PIL.Image", "pillow", "an image")
    pictures = []
    for position, file in enumerate(column):
        try:
            with library.open(file) as picture:
                changed = np.asarray(change(picture.convert("RGB")), dtype="float64") / 255
        except (OSError, ValueError, SyntaxError) as error:  # what PIL raises of broken files
            raise table.error("E0702", position, f"`{file}` is no image: {error}") from None
        pictures.append(torch.from_numpy(changed).permute(2, 0, 1))
    return torch.stack(pictures)


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


def _spectrogram(arguments: Arguments, state: State, table: Table) -> Tensor:
    """Squared magnitudes of the short-time Fourier transform under Hann windows."""
    length, size = arguments["length"], arguments["n_fft"]
    sounds = torch.stack(
        [_read_wave(file, i, table, length) for i, file in enumerate(arguments["audio"])]
    )
    window = torch.hann_window(size, dtype=torch.float64)
    spectrum = torch.stft(sounds, size, arguments["hop_length"], window=window, return_complex=True)
    return spectrum.abs() ** 2


def _read_wave(file: str, position: int, table: Table, length: int) -> Tensor:
    """So many samples between -1 and 1 of a recording, its channels averaged."""
    try:
        with wave.open(file) as recording:
            width, channels = recording.getsampwidth(), recording.getnchannels()
            data = recording.readframes(length)
    except (OSError, EOFError, wave.Error) as error:
        raise table.error("E0702", position, f"`{file}` is no recording: {error}") from None
    if width not in SAMPLES:
        raise table.error("E0702", position, f"`{file}` has samples of {8 * width} bits")
    kind, middle, most = SAMPLES[width]
    samples = (np.frombuffer(data, kind).astype("float64") - middle) / most
    sound = torch.from_numpy(samples.reshape(-1, channels)).mean(1)
    return torch.nn.functional.pad(sound, (0, length - len(sound)))


SAMPLES = {1: ("u1", 128.0, 128.0), 2: ("<i2", 0.0, 2.0**15), 4: ("<i4", 0.0, 2.0**31)}
"""By bytes a sample: how NumPy reads it, its silence, and its greatest value."""

MEDIA_TRANSFORMS: dict[str, Transform] = {
    "resize": Transform(_resize, raw=True),
    "crop": Transform(_crop, raw=True),
    "random_crop": Transform(_random_crop),
    "random_flip": Transform(_random_flip),
    "grayscale": Transform(_grayscale),
    "normalize": Transform(_normalize),
    "spectrogram": Transform(_spectrogram, raw=True),
}
"""How each function of a data block that concerns images and recordings is computed."""
