# make test    everything, as CI runs it        make fast    the inner loop
# make demo    a pretrained encoder with a circuit: trained, reported, compiled for a device
# make format  ruff and qmlc fmt write
# make test-deep  tens of thousands of circuits through everything: CASES=2000 for each law
# make docs    the web site, in out/site        make serve   the same, at http://127.0.0.1:8000
# make bench   ours against its peers, in hours: benchmarks/README.md
PYTHON ?= python3
VENV   ?= .venv
STAMP  := $(VENV)/.installed
QMLC   := $(VENV)/bin/qmlc
PYTEST := $(VENV)/bin/pytest

export OMP_NUM_THREADS ?= 1

.PHONY: venv test fast deep test-deep demo docs serve bench format clean

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r constraints.txt
	$(VENV)/bin/pip install --quiet -c constraints.txt -e '.[test,ibm,vendors]'
	touch $(STAMP)

test: $(STAMP)
	$(PYTEST) -n 2

fast: $(STAMP)
	$(PYTEST) -n 2 -x -q --failed-first tests/unit tests/errors tests/test_house.py

deep: $(STAMP)
	$(PYTEST) -n 2 --deep

test-deep: $(STAMP)
	QMLC_CASES=$(or $(CASES),2000) $(PYTEST) -n auto -q tests/laws/test_agreement.py

SENTIMENT := examples/sentiment/sentiment.hqm
REVIEWS   := examples/sentiment/reviews.csv

$(REVIEWS): | $(STAMP)
	$(VENV)/bin/python examples/sentiment/fetch.py

demo: $(STAMP) $(REVIEWS)
	$(QMLC) check $(SENTIMENT)
	$(QMLC) train $(SENTIMENT)
	$(QMLC) predict $(SENTIMENT) examples/sentiment/new.csv
	$(QMLC) compile $(SENTIMENT) -o out/sentiment --state runs/sentiment/sentiment/best.safetensors
	head -n 20 out/sentiment/head.ibm_torino.qasm
	$(QMLC) report $(SENTIMENT)

$(VENV)/.docs: $(STAMP)
	$(VENV)/bin/pip install --quiet -c constraints.txt -e '.[docs]'
	touch $@

docs: $(VENV)/.docs
	$(VENV)/bin/mkdocs build --strict

serve: $(VENV)/.docs
	$(VENV)/bin/mkdocs serve

bench: $(STAMP)
	$(VENV)/bin/python -m benchmarks.run $(if $(PEERS),--peers $(PEERS)) $(if $(CASES),--cases $(CASES))

format: $(STAMP)
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(QMLC) fmt stdlib examples tests/programs

clean:
	rm -rf $(VENV) out runs build dist
