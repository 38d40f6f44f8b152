"""Images and recordings, decoded."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qmlc.training.errors import shown
from qmlc.training.import_optional import import_optional


class Unreadable(ValueError):
    """A file that is not what it should be; the text says what it is."""


class Sound(NamedTuple):
    """A recording, its channels averaged: samples between -1 and 1, and how many make a second."""

    samples: NDArray[np.float64]
    rate: int


def shown_media(file: str) -> str:
    """A file as errors print it."""
    return shown(Path(file))


def read_image(file: str) -> Any:
    """An image of Pillow in red, green and blue, upright as its camera was held.

    Grey becomes three equal channels, transparency is left away, and 16 bits are brought to 8:
    their upper half.
    """
    library = import_optional("PIL.Image", "pillow", "an image")
    operations = import_optional("PIL.ImageOps", "pillow", "an image")
    try:
        with library.open(file) as picture:
            upright = operations.exif_transpose(picture)
            if upright.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
                values = np.asarray(upright).astype("int64")
                upright = library.fromarray((values.clip(0, 65535) >> 8).astype("uint8"))
            return upright.convert("RGB")
    except (OSError, ValueError, SyntaxError, library.DecompressionBombError) as error:
        raise Unreadable(f"this is no image: {error}") from None


def read_sound(file: str, length: int | None = None) -> Sound:
    """A recording, or so many samples of it from the start."""
    try:
        with wave.open(file) as recording:
            width, channels = recording.getsampwidth(), recording.getnchannels()
            data, rate = (
                recording.readframes(length or recording.getnframes()),
                recording.getframerate(),
            )
    except (OSError, EOFError, wave.Error) as error:
        return _read_other(file, length, error)
    if width not in SAMPLES:
        return _read_other(file, length, ValueError(f"samples of {8 * width} bits"))
    if not data or len(data) % (width * channels):
        raise Unreadable("this recording is empty" if not data else "this recording is cut off")
    return Sound(_samples(data, width).reshape(-1, channels).mean(axis=1), rate)


def _samples(data: bytes, width: int) -> NDArray[np.float64]:
    if width == 3:  # the upper bytes of four
        wide = np.zeros((len(data) // 3, 4), dtype="u1")
        wide[:, 1:] = np.frombuffer(data, "u1").reshape(-1, 3)
        data, width = wide.tobytes(), 4
    kind, middle, most = SAMPLES[width]
    return (np.frombuffer(data, kind).astype("float64") - middle) / most


SAMPLES = {
    1: ("u1", 128.0, 128.0),
    2: ("<i2", 0.0, 2.0**15),
    3: ("", 0.0, 0.0),
    4: ("<i4", 0.0, 2.0**31),
}
"""By bytes a sample: how NumPy reads it, its silence, and its greatest value."""


def _read_other(file: str, length: int | None, error: Exception) -> Sound:
    """What is no plain wav: flac, mp3, ogg, and wav of real numbers."""
    if Path(file).stat().st_size < 44:
        raise Unreadable(f"this is no recording: {error or 'the file ends at once'}")
    library = import_optional("soundfile", "soundfile", f"a recording like `{shown_media(file)}`")
    try:
        samples, rate = library.read(file, frames=length or -1, always_2d=True)
    except (library.LibsndfileError, OSError) as other:
        raise Unreadable(f"this is no recording: {other}") from None
    if not len(samples):
        raise Unreadable("this recording is empty")
    return Sound(samples.mean(axis=1), int(rate))
