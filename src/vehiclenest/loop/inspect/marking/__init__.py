"""The marking of a part: a picture becomes texts and codes, these become probabilities of known parts, and join those of geometry.

Codes by ZXing, print and stamps by PP-OCRv4 (RapidOCR); both run offline. What is read is evidence, never a verdict of its own.
"""

from vehiclenest.loop.inspect.marking.fusion import UNKNOWN, fuse
from vehiclenest.loop.inspect.marking.matching import match_marking, normalised
from vehiclenest.loop.inspect.marking.reader import Mark, read_marking

__all__ = ["UNKNOWN", "Mark", "fuse", "match_marking", "normalised", "read_marking"]
