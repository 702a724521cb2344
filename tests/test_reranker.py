"""A cross-encoder re-ranks the first passages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import RerankerError
from rag.library import Library, build
from rag.reranker import Reranker

QUESTION = "What was damaged?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights that gives one score a pair."""
    return cross_encoder(tmp_path_factory.mktemp("cross"), labels=1)


@pytest.fixture(scope="module")
def fine(
    tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path], write_corpus: Callable[[Path], Path]
) -> Path:
    """An index of the small corpus in short passages, so that there are more than are re-ranked."""
    folder = tmp_path_factory.mktemp("fine")
    index = with_model(folder / "index")
    build(write_corpus(folder / "corpus"), index, passage_tokens=60)
    return index


def cross_encoder(folder: Path, labels: int) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106  no password
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=128, **names).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,
    )
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_the_order_is_that_of_the_models_own_scores(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    texts = ["The bridge was closed.", "A storm damaged the harbour.", "Wolves howled.", "The mayor resigned."]
    scores = CrossEncoder(str(folder)).predict([(QUESTION, text) for text in texts]).tolist()
    expected = sorted(range(len(texts)), key=lambda place: -scores[place])
    assert Reranker(str(folder)).order(QUESTION, texts) == expected
    assert expected != [0, 1, 2, 3], "the order says something"
    assert Reranker(str(folder)).order(QUESTION, []) == []


def test_the_first_twenty_are_reranked_and_no_more(folder: Path, fine: Path) -> None:
    plain = Library(fine).retrieve(QUESTION, k=30)
    reranked = Library(fine, reranker=str(folder)).retrieve(QUESTION, k=30)
    order = Reranker(str(folder)).order(QUESTION, [each.text for each in plain[:20]])
    assert [each.text for each in reranked[:20]] == [plain[place].text for place in order]
    assert reranked[20:] == plain[20:]
    assert [each.rank for each in reranked] == list(range(1, 31))


def test_a_few_passages_are_the_best_of_twenty(folder: Path, fine: Path) -> None:
    library = Library(fine, reranker=str(folder))
    assert library.retrieve(QUESTION, k=3) == library.retrieve(QUESTION, k=30)[:3]


def test_the_environment_names_it(folder: Path, fine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rag

    monkeypatch.setenv("RAG_RERANKER", str(folder))
    expected = Library(fine, reranker=str(folder)).retrieve(QUESTION)
    assert rag.open(fine).retrieve(QUESTION) == expected
    assert rag.refreshed(fine.parent / "corpus", fine).retrieve(QUESTION) == expected
    monkeypatch.delenv("RAG_RERANKER")
    assert (
        rag.refreshed(fine.parent / "corpus", fine).retrieve(QUESTION) == Library(fine).retrieve(QUESTION) != expected
    )


def test_a_cross_encoder_that_is_not_there_is_told(fine: Path) -> None:
    with pytest.raises(RerankerError, match="Set RAG_RERANKER to another, or unset it"):
        Library(fine, reranker="no/such-model").retrieve(QUESTION)


def test_a_model_of_several_scores_is_told(tmp_path: Path, fine: Path) -> None:
    with pytest.raises(RerankerError, match="it gives 3 scores for a passage, not one"):
        Library(fine, reranker=str(cross_encoder(tmp_path, labels=3))).retrieve(QUESTION)
