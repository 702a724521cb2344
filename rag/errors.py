"""Every error that Clippings raises, each with its data and its cure.

::

    RagError
    ├── QuestionError
    │   ├── EmptyQuestionError          nothing was asked
    │   └── QuestionTooLongError        longer than the model can read at once
    ├── QuestionsFileError              a file of questions that cannot be used
    │   ├── QuestionsUnreadableError    it cannot be read, or nothing is in it
    │   ├── QuestionsLineError          one of its lines is not a question
    │   └── QuestionsUnwritableError    it cannot be written, or would be written over
    ├── OptionError                     an option out of its range (k, a date, a setting)
    ├── CorpusError
    │   ├── CorpusMissingError          no such folder
    │   ├── CorpusEmptyError            no article in it
    │   └── CorpusUnreadableError       not one of its files could be read
    ├── ArticleError                    one file that cannot be read
    │   ├── UnreadableError             the system does not let it be read
    │   ├── UnsupportedFormatError      no reader for this kind of file
    │   ├── EmptyArticleError           no text in it
    │   ├── NoArticleError              a web page that shows no article
    │   ├── UndecodableError            not text in any known encoding
    │   ├── FrontMatterError            its front matter is not valid
    │   ├── SidecarError                what is said of it in a file beside it is not valid
    │   ├── ColumnsFileError            it does not say what the columns of tables hold
    │   ├── ColumnsUnknownError         a table, and no column of it is known to hold text
    │   ├── ArticleTooLargeError        larger than a reader accepts
    │   ├── BrokenFileError             not what its name says, or damaged
    │   ├── MisnamedFileError           of a kind that is read under another name
    │   ├── EncryptedFileError          it asks for a password
    │   ├── ScannedFileError            pictures of pages, without text
    │   ├── SlowFileError               its reader takes too long, or too much memory
    │   ├── ReaderError                 the process that reads such files cannot be started
    │   ├── NestedArchiveError          an archive within an archive
    │   ├── UnsafeArchiveError          an archive that would do harm, or hides too much
    │   ├── MissingFileError            nothing lies there to be added
    │   └── UnwritableError             it cannot be put into the folder of articles
    ├── FetchError                      a link that gives no article
    │   ├── FetchRefusedError           it leads where links are not followed
    │   └── FetchFailedError            the site does not give it
    ├── ArticleUnknownError             no article of this id in the index
    ├── IndexMissingError               no index in this folder
    ├── IndexDamagedError               a file is missing or not as it was written
    ├── IndexFormatError                written by another version of Clippings
    ├── IndexModelError                 made with another model than the one asked for
    ├── IndexLockedError                another build is at work on it
    ├── IndexWriteError                 the disk or its permissions do not let it be written
    ├── CitationError                   a citation that its article does not bear out
    ├── ModelError
    │   ├── ModelMissingError           the model cannot be found
    │   ├── ModelUnusableError          the model was found but cannot be used
    │   └── RerankerError               the cross-encoder cannot be found or used
    ├── UnremovableError                a file that stays in the folder of articles
    └── PageError                       the page cannot be served as asked
"""

from __future__ import annotations

from collections.abc import Sequence


class RagError(Exception):
    """The parent of all; ``str(error)`` says what happened and ends with the cure."""


class QuestionError(RagError):
    """A question that cannot be asked."""


class EmptyQuestionError(QuestionError):
    """Nothing was asked."""

    def __init__(self) -> None:
        super().__init__("The question is empty. Ask something in plain words.")


class QuestionTooLongError(QuestionError):
    """The question is longer than the model reads at once."""

    def __init__(self, words: int) -> None:
        self.words = words
        super().__init__(
            f"The question has {words:,} words, more than the model can read at once. Ask it in a sentence or two."
        )


class QuestionsFileError(RagError):
    """A file of questions that cannot be used."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(message)


class QuestionsUnreadableError(QuestionsFileError):
    """The file cannot be read, or nothing is in it."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(
            path,
            f"The questions in {path!r} cannot be read ({problem}). "
            "Name a file with one JSON object a line, or make a draft of one with `rag evaluate --make 20`.",
        )


class QuestionsLineError(QuestionsFileError):
    """A line is not a question that can be asked; lines count from 1."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(path, f"{path}, line {line}: {problem.rstrip('.')}. Mend or remove the line.")


class QuestionsUnwritableError(QuestionsFileError):
    """The file cannot be written, or one that is there would be written over."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(
            path,
            f"The questions cannot be written to {path!r} ({problem}). "
            "Name another file with --out, or write over this one with --force.",
        )


class OptionError(RagError):
    """An option has a value that makes no sense."""

    def __init__(self, option: str, value: object, wanted: str) -> None:
        self.option = option
        self.value = value
        self.wanted = wanted
        super().__init__(f"{option} is {value!r}: give {wanted}.")


class CorpusError(RagError):
    """The folder of articles cannot be indexed."""

    def __init__(self, corpus: str, message: str) -> None:
        self.corpus = corpus
        super().__init__(message)


class CorpusMissingError(CorpusError):
    """There is no such folder."""

    def __init__(self, corpus: str) -> None:
        super().__init__(
            corpus,
            f"There is no folder {corpus!r}. Make it and put articles in it, or name another with --corpus.",
        )


_USUAL = "text, Markdown, HTML, PDF, DOCX, ODT, RTF, EPUB, an e-mail (.eml), CSV, JSON or a ZIP archive of those"
"""Of the formats that are read, those that people know; a list of all ends of names would hide them."""


class CorpusEmptyError(CorpusError):
    """The folder holds no article."""

    def __init__(self, corpus: str, formats: Sequence[str]) -> None:
        self.formats = tuple(formats)
        super().__init__(
            corpus,
            f"There is no article in {corpus!r}. Put some there ({_USUAL}), then run `rag build`.",
        )


class CorpusUnreadableError(CorpusError):
    """Not one file could be read; ``reasons`` maps each path to why."""

    def __init__(self, corpus: str, reasons: dict[str, str]) -> None:
        self.reasons = dict(reasons)
        first, *rest = reasons.items()
        listed = f"{first[0]}: {first[1]}" + (f"; and {len(rest)} more" if rest else "")
        super().__init__(
            corpus,
            f"None of the {len(reasons)} files in {corpus!r} could be read ({listed}). "
            "Mend or replace them, then run `rag build`.",
        )


class ArticleError(RagError):
    """One file that cannot be read as an article; a build reports it and goes on."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class UnreadableError(ArticleError):
    """The system does not give the file's bytes."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it cannot be read ({problem}); see to its permissions or remove it")


class UnsupportedFormatError(ArticleError):
    """No reader knows this kind of file; ``formats`` are how the names of those end that can be read.

    ``cure`` is what to do with a file of just this kind.
    """

    def __init__(self, path: str, formats: Sequence[str], cure: str | None = None) -> None:
        self.formats = tuple(formats)
        self.cure = cure
        super().__init__(path, f"this kind of file is not supported; {cure or f'save it as {_USUAL}'}")


class EmptyArticleError(ArticleError):
    """There is no text in the file."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "there is no text in it; fill it or remove it")


class NoArticleError(ArticleError):
    """A web page that shows no article: without its scripts, or because there is none in it."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path,
            "this web page shows no article (only links, or a notice that it needs its scripts); "
            "save it from a browser once the article shows, or remove it",
        )


class UndecodableError(ArticleError):
    """The bytes are not text in any encoding that could be told."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "it is not text in any known encoding; save it as UTF-8")


class FrontMatterError(ArticleError):
    """The block between ``---`` lines at the top is not valid."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"its front matter is not valid ({problem}); mend or remove the lines between ---")


class SidecarError(ArticleError):
    """A file beside an article that says what it is, and is not valid or belongs to no article."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it does not say what an article is ({problem}); mend, rename or remove it")


class ColumnsFileError(ArticleError):
    """The file that says what the columns of tables hold is not valid."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it does not say what columns hold ({problem}); mend or remove the line")


class ColumnsUnknownError(ArticleError):
    """A table, and no column of it is known to hold the articles' text; ``columns`` is what it has."""

    def __init__(self, path: str, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        super().__init__(
            path,
            f"no column of it is known to hold text ({', '.join(columns) or 'it has none'}); name the one that does in "
            'columns.toml, at the top of the corpus (a line [columns], then text = "its name, or its number")',
        )


class ArticleTooLargeError(ArticleError):
    """The file is larger than a reader accepts; sizes are in bytes."""

    def __init__(self, path: str, size: int, most: int) -> None:
        self.size = size
        self.most = most
        super().__init__(
            path, f"it has {size / 1e6:,.0f} MB, and at most {most / 1e6:,.0f} MB are read; split it into smaller files"
        )


class BrokenFileError(ArticleError):
    """The file is damaged, or not of the kind that its name says."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it cannot be made sense of ({problem}); save it again from the program that made it")


class MisnamedFileError(ArticleError):
    """The file is of another kind than its name says: what it is, and how the names of such files end."""

    def __init__(self, path: str, kind: str, end: str) -> None:
        self.kind = kind
        self.end = end
        super().__init__(path, f"it is {kind} under another name; give its name the end {end}")


class EncryptedFileError(ArticleError):
    """The file is locked with a password."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "it is locked with a password; save it without one")


class ScannedFileError(ArticleError):
    """The file holds pictures of its pages, and no text."""

    def __init__(self, path: str, pages: int) -> None:
        self.pages = pages
        super().__init__(path, "it holds pictures of pages and no text; make a copy whose text is recognised (OCR)")


class SlowFileError(ArticleError):
    """The file's reader was stopped, after so many seconds or for taking too much memory."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"its reader was stopped ({problem}); split it or save it in another format")


class ReaderError(ArticleError):
    """The process in which files of this kind are read cannot be started."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"its reader cannot be started ({problem}); see to the installation of Clippings")


class NestedArchiveError(ArticleError):
    """An archive lies within an archive."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "it is an archive within an archive; put what is in it into the folder instead")


class UnsafeArchiveError(ArticleError):
    """An archive, or a file in it, that could do harm when unpacked."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it is not unpacked ({problem}); put the articles in it into the folder one by one")


class MissingFileError(ArticleError):
    """Nothing lies there to be added."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "there is no such file or folder; give the path of one, or a link with its https://")


class UnwritableError(ArticleError):
    """It cannot be put into the folder of articles."""

    def __init__(self, path: str, problem: str) -> None:
        self.problem = problem
        super().__init__(path, f"it cannot be written ({problem}); make room, or name another folder with --corpus")


class FetchError(RagError):
    """A link that gives no article; adding reports it and goes on."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url}: {reason}.")


class FetchRefusedError(FetchError):
    """The link leads where links are not followed; nothing was sent there."""

    def __init__(self, url: str, problem: str) -> None:
        self.problem = problem
        super().__init__(url, f"it is not fetched ({problem}); save the page with a browser and add the file")


class FetchFailedError(FetchError):
    """The site does not give what the link names, or not in time, or more than is read."""

    def __init__(self, url: str, problem: str) -> None:
        self.problem = problem
        super().__init__(url, f"it cannot be fetched ({problem}); see if a browser opens it, and add what it saves")


class ArticleUnknownError(RagError, KeyError):
    """No article of this id is in the index."""

    def __init__(self, article_id: str) -> None:
        self.article_id = article_id
        super().__init__(
            f"No article with the id {article_id!r} is in the index. `rag status --articles` lists those that are."
        )

    def __str__(self) -> str:
        return str(self.args[0])


class IndexMissingError(RagError):
    """There is no index in this folder."""

    def __init__(self, index: str) -> None:
        self.index = index
        super().__init__(f"There is no index in {index!r}. To make it, run `rag build`.")


class IndexDamagedError(RagError):
    """A file of the index is missing or not as it was written."""

    def __init__(self, index: str, file: str, problem: str) -> None:
        self.index = index
        self.file = file
        self.problem = problem
        super().__init__(
            f"The index in {index!r} is damaged ({file}: {problem}). "
            "Your articles are untouched. To make it anew, run `rag build --anew`."
        )


class IndexFormatError(RagError):
    """The index was written in another format."""

    def __init__(self, index: str, found: object, wanted: int) -> None:
        self.index = index
        self.found = found
        self.wanted = wanted
        super().__init__(
            f"The index in {index!r} has format {found!r}, and this version reads format {wanted}. "
            "To make it anew, run `rag build`."
        )


class IndexModelError(RagError):
    """The index was made with another model than the one asked for."""

    def __init__(self, index: str, found: str, wanted: str) -> None:
        self.index = index
        self.found = found
        self.wanted = wanted
        super().__init__(
            f"The index in {index!r} was made with the model {found!r}, and {wanted!r} is asked for. "
            "To embed the articles with it, run `rag build`; to use the index as it is, unset RAG_MODEL."
        )


class IndexLockedError(RagError):
    """Another build is at work."""

    def __init__(self, index: str) -> None:
        self.index = index
        super().__init__(
            f"Another build is at work on the index in {index!r}. Questions go on meanwhile; "
            "wait for it to end, then run `rag build`."
        )


class IndexWriteError(RagError):
    """The index cannot be written."""

    def __init__(self, index: str, problem: str) -> None:
        self.index = index
        self.problem = problem
        super().__init__(
            f"The index in {index!r} cannot be written ({problem}); what was there is as before. "
            "Make room or name another folder with --index, then run `rag build`."
        )


class CitationError(RagError):
    """A citation's text is not what stands at its place in the article."""

    def __init__(self, path: str, start: int, end: int) -> None:
        self.path = path
        self.start = start
        self.end = end
        super().__init__(
            f"A citation of {path!r} ({start}–{end}) is not what stands there, so no answer is given. "
            "To make the index anew, run `rag build --anew`."
        )


class ModelError(RagError):
    """The embedding model cannot be used."""

    def __init__(self, model: str, message: str) -> None:
        self.model = model
        super().__init__(message)


class ModelMissingError(ModelError):
    """The model cannot be found."""

    def __init__(self, model: str, problem: str) -> None:
        self.problem = problem
        super().__init__(
            model,
            f"The model {model!r} cannot be found ({problem}). "
            "Set RAG_MODEL to a folder or an installed model, or unset it for the packaged one.",
        )


class ModelUnusableError(ModelError):
    """The model was found, but it cannot do what is asked of it."""

    def __init__(self, model: str, problem: str) -> None:
        self.problem = problem
        super().__init__(
            model,
            f"The model {model!r} cannot be used ({problem}). "
            "Set RAG_MODEL to another sentence-transformers model, or unset it for the packaged one.",
        )


class RerankerError(ModelError):
    """The cross-encoder cannot be found, or does not give one score a passage."""

    def __init__(self, model: str, problem: str) -> None:
        self.problem = problem
        super().__init__(
            model,
            f"The cross-encoder {model!r} cannot be used ({problem}). Set RAG_RERANKER to another, or unset it.",
        )


class UnremovableError(RagError):
    """A file cannot be removed from the folder of articles."""

    def __init__(self, path: str, problem: str, cure: str) -> None:
        self.path = path
        self.problem = problem
        self.cure = cure
        super().__init__(f"{path} cannot be removed: {problem} {cure}")


class PageError(RagError):
    """The page cannot be served as asked."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem} {cure}")
