# make test    everything, as CI runs it        make fast    the inner loop
# make demo    Iris from text to a device       make format  ruff and qmlc fmt write
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

demo: $(STAMP)
	$(QMLC) check examples/iris/iris.hqm
	$(QMLC) compile examples/iris/iris.hqm -o out/iris --target ibm:torino
	$(QMLC) train examples/iris/iris.hqm
	$(QMLC) eval examples/iris/iris.hqm
	$(QMLC) compile examples/iris/iris.hqm -o out/iris_bound --target ibm:torino \
		--state runs/iris/iris/best.safetensors
	head -n 20 out/iris_bound/vqc.ibm_torino.qasm

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
