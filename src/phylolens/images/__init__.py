"""Image files to pixels: the only place in PhyloLens that opens an image.

``formats`` tells what is read, ``foreign`` what to do with the rest, ``opening`` lets through
regular files of an allowed format and size, ``memory`` bounds what all threads decode together,
``values`` scales 10- to 32-bit and floating-point values, ``decoding`` makes upright 8-bit RGB, and
``look`` says whether a file can be used, and what a user should know of it.
"""

from phylolens.images.decoding import decode, read_rgb
from phylolens.images.formats import IMAGE_ENDINGS, UnreadableImage, advice
from phylolens.images.look import Look, examine
from phylolens.images.opening import open_file, sha256_of

__all__ = [
    "IMAGE_ENDINGS",
    "Look",
    "UnreadableImage",
    "advice",
    "decode",
    "examine",
    "open_file",
    "read_rgb",
    "sha256_of",
]
