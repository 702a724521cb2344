"""A file becomes an :class:`~rag.types.Article`: found, decoded, cleaned, with what it says of itself.

A new format is one module with a reader, and one line in ``formats.READERS``.
"""

from rag.articles.folder import CorpusFile, find, load
from rag.articles.formats import formats, read

__all__ = ["CorpusFile", "find", "formats", "load", "read"]
