"""From a file's bytes to an upright 8-bit RGB image: :mod:`phylolens.images` does the work."""

from phylolens.images import UnreadableImage, decode

UnreadablePicture = UnreadableImage

__all__ = ["UnreadablePicture", "decode"]
