"""Write a corpus of 27,000 sentences over `corpus.txt`: what installed libraries say of themselves.

Pages of Python's language reference and the doc strings of its library, NumPy, SciPy, scikit-learn,
pandas, PyTorch, NetworkX, Qiskit and Matplotlib, each in the order of its names. Sentences of
`sentences.csv` are left out.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from make_texts import HERE, sentences, topics

LIBRARIES = """
numpy scipy.stats scipy.signal scipy.optimize scipy.linalg sklearn.linear_model sklearn.ensemble
sklearn.cluster pandas torch torch.nn torch.optim networkx qiskit.circuit.library matplotlib.pyplot
torch.nn.functional sklearn.preprocessing sklearn.metrics scipy.special
""".split()
STANDARD = sorted(name for name in sys.stdlib_module_names if name[0] not in "_ait")


def doc_strings(value: object, members: bool) -> Iterator[str]:
    """That of an object, and of its members if it is a class and these are wanted."""
    found = [value, *(vars(value).values() if members and inspect.isclass(value) else ())]
    texts = (getattr(each, "__doc__", None) for each in found)
    return (inspect.cleandoc(text) for text in texts if isinstance(text, str))


def pages() -> Iterator[str]:
    """The texts, each of which becomes a document."""
    yield from topics.values()
    for name in STANDARD:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        own = [v for v in vars(module).values() if getattr(v, "__module__", None) == name]
        texts = [text for value in own for text in doc_strings(value, members=True)]
        yield "\n\n".join([*_of_module(module), *texts])
    for name in LIBRARIES:
        for value in list(vars(importlib.import_module(name)).values()):
            yield from doc_strings(value, members=name != "torch")


def _of_module(module: ModuleType) -> list[str]:
    return [inspect.cleandoc(module.__doc__)] if module.__doc__ else []


def write(file: Path) -> int:
    """How many sentences were written; a sentence that comes again is left out."""
    with (HERE / "sentences.csv").open(encoding="utf-8") as table:
        seen = {row["text"] for row in csv.DictReader(table)}
    documents = []
    for page in pages():
        found = list(dict.fromkeys(s for s in sentences(page) if s not in seen))
        seen.update(found)
        if len(found) >= 2:
            documents.append(found)
    text = "\n\n".join("\n".join(document) for document in documents) + "\n"
    file.write_text(text, encoding="utf-8")
    return sum(map(len, documents))


if __name__ == "__main__":
    print(write(HERE / "corpus.txt"))
