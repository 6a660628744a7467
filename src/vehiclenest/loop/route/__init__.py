"""Route: an item comes in — a graded component, a hazardous fraction, a shredder output; a `Decision` with its reason goes out.

The place's rules come first (`rules.toml`: in China the five assemblies are never reused as they are; air bags are never sold
anywhere), then expected net value with a carbon price. Prices and factors are dated TOML that a site may set.
"""

from vehiclenest.loop.route.book import PLACES, Book, open_book
from vehiclenest.loop.route.decide import best_route, decide

__all__ = ["PLACES", "Book", "best_route", "decide", "open_book"]
