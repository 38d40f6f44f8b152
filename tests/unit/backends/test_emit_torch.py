"""Whole modules: what is printed, that it is clean and stable, and that it computes the graph."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ruff import find_ruff_bin
from torch import nn

import qmlc
from qmlc.backends.torch.emit_torch import class_names, emit_torch
from qmlc.backends.torch.format_source import FormatError, format_source
from qmlc.backends.torch.identifiers import MODULE_ATTRIBUTES, Identifiers
from qmlc.backends.torch.lay_out_parts import lay_out
from qmlc.backends.torch.print_unit import docstring
from qmlc.ir.build_circuit import CircuitBuilder, Z
from qmlc.ir.circuit import Distribution, Variable
from qmlc.ir.graph import GraphBuilder
from qmlc.ir.program import Program, Setting, Submodule, Template, Unit
from qmlc.ops.indexing import Slice
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType

B, T = Polynomial.symbol("B"), Polynomial.symbol("T")
HIDDEN = TensorType("real", (B, T, 8))
MASK = TensorType("bool", (B, T))
TOKENS = TensorType("int", (B, T))


class Builder(GraphBuilder):
    """Shorter words for graphs of real tensors."""

    def real(self, operation, inputs, *dims, let="", **attributes):
        node = self.add(operation, inputs, TensorType("real", dims), **attributes)
        if let:
            self.name(node, let)
        return node


def linear(path, inputs, outputs):
    sizes = {"in_features": inputs, "out_features": outputs, "bias": True}
    return Submodule(path, "linear", tuple(sizes.items()))


def vqc():
    c = CircuitBuilder("vqc")
    x = c.input("x", 4)
    w = c.parameter("w", 3, 4, 3, start=Distribution("uniform", (0.0, 2 * torch.pi)))
    q = c.qubits("q", 4)
    for i in range(4):
        c.ry(x[i], q[i])
    for layer in range(3):
        for i in range(4):
            c.u(w[layer, i, 0], w[layer, i, 1], w[layer, i, 2], q[i])
        for i in range(4):
            c.cx(q[i], q[(i + layer + 1) % 4])
    c.expval(Z(q))
    four = TensorType("real", (4,))
    return Unit(
        "vqc", "Vqc", "circuit", (("x", four),), four,
        (Setting("layers", "int", 2), Setting("n", "dimension")), (("layers", 3), ("n", 4)),
        circuit=c.build(), doc="A variational circuit.",
        source="circuit vqc(layers: int = 2)(x: real[n]) -> real[n]",
    )  # fmt: skip


def iris():
    g = Builder()
    x = g.real("input", (), B, 4, name="x")
    measured = g.real("call", (x,), B, 4, module="vqc")
    scores = g.real("call", (measured,), B, 3, module="linear")
    return Unit(
        "iris", "Iris", "model", (("x", TensorType("real", (B, 4))),), TensorType("real", (B, 3)),
        graph=g.build(scores),
        submodules=(
            Submodule("vqc", "Vqc", (("layers", 3), ("n", 4)), True), linear("linear", 4, 3),
        ),
        doc="A variational classifier.", source="model iris(x: real[B, 4]) -> real[B, 3]",
    )  # fmt: skip


def block():
    g, hidden = Builder(), (B, T, 8)
    x = g.real("input", (), *hidden, name="x")
    mask = g.add("input", (), MASK, name="mask")
    q, k, v = (
        g.real("call", (x,), *hidden, let="qkv"[i], module=f"linear_{i + 1}") for i in range(3)
    )
    zero = g.real("constant", (), value=0.0)
    infinity = g.real("constant", (), value=float("-inf"))
    bias = g.real("where", (mask, zero, infinity), B, T)
    bias = g.real("rearrange", (bias,), B, 1, T, let="bias", pattern="b t -> b 1 t", sizes=())
    scores = g.real("matmul", (q, g.real("transpose_last", (k,), B, 8, T)), B, T, T)
    scores = g.real("divide", (scores, g.real("constant", (), value=8**0.5)), B, T, T)
    scores = g.real("softmax", (g.real("add", (scores, bias), B, T, T),), B, T, T, dim=-1)
    a = g.real("add", (x, g.real("matmul", (scores, v), *hidden)), *hidden)
    a = g.real("call", (a,), *hidden, let="a", module="layer_norm")
    f = g.real("call", (a,), B, T, 16, module="linear_4")
    f = g.real("gelu", (f,), B, T, 16, approximate="none")
    f = g.real("call", (f,), *hidden, module="linear_5")
    f = g.real("call", (f,), *hidden, let="f", module="dropout")
    out = g.real("add", (a, f), *hidden)
    norm = {"normalized_shape": 8, "eps": 1e-5, "elementwise_affine": True, "bias": True}
    return Unit(
        "block", "Block", "layer",
        (("x", TensorType("real", (B, T, Polynomial.symbol("d")))), ("mask", MASK)), HIDDEN,
        (Setting("heads", "int"), Setting("d", "dimension")), (("heads", 1), ("d", 8)),
        graph=g.build(out),
        submodules=(
            *(linear(f"linear_{i}", 8, 8) for i in (1, 2, 3)),
            linear("linear_4", 8, 16), linear("linear_5", 16, 8),
            Submodule("layer_norm", "layer_norm", tuple(norm.items())),
            Submodule("dropout", "dropout", (("p", 0.1),)),
        ),
        doc="A transformer block.", source="layer block(heads: int)(…) -> real[B, T, d]",
    )  # fmt: skip


def bert():
    g, hidden = Builder(), (B, T, 8)
    tokens = g.add("input", (), TOKENS, name="tokens")
    mask = g.add("input", (), MASK, name="mask")
    place = g.add("range", (), TensorType("int", (T,)), start=T, stop=None, step=1)
    place = g.real("call", (place,), T, 8, module="embedding_2")
    x = g.real("call", (tokens,), *hidden, module="embedding_1")
    x = g.real("add", (x, place), *hidden, let="x")
    for i in range(2):
        x = g.real("call", (x, mask), *hidden, let="x", module=f"block.{i}")
    pooled = g.real("index", (x,), B, 8, index=(Slice(), 0))
    pooled = g.real("tanh", (g.real("call", (pooled,), B, 8, module="linear"),), B, 8)
    kind = RecordType((("hidden", HIDDEN), ("pooled", TensorType("real", (B, 8)))))
    out = g.add("record", (x, pooled), kind, names=("hidden", "pooled"))
    embedding = {"padding_idx": None, "max_norm": None, "norm_type": 2.0}
    return Unit(
        "bert", "Bert", "model", (("tokens", TOKENS), ("mask", MASK)), kind,
        (Setting("vocab", "int"), Setting("depth", "int", 2)), (("vocab", 50), ("depth", 2)),
        graph=g.build(out),
        submodules=(
            *(
                Submodule(name, "embedding", tuple(
                    {"num_embeddings": size, "embedding_dim": 8, **embedding}.items()
                ))
                for name, size in (("embedding_1", 50), ("embedding_2", 32))
            ),
            *(Submodule(f"block.{i}", "Block", (("heads", 1), ("d", 8)), True) for i in range(2)),
            linear("linear", 8, 8),
        ),
        source="model bert(vocab: int, depth: int = 2)(tokens: int[B, T], mask: bool[B, T])",
    )  # fmt: skip


QAOA = Template(
    "qaoa", "Qaoa", "circuit", (Setting("depth", "int", 3), Setting("n", "dimension")), ("n",),
    "Optimises.", "circuit qaoa(depth: int = 3)(mu: real[n]) -> real",
)  # fmt: skip
PROGRAM = Program("demo", "Demo.", (vqc(), iris(), block(), bert()), (QAOA,))


def ruff_findings(text):
    command = [find_ruff_bin(), "check", "--isolated", "--select", "E,F", "--line-length", "100"]
    done = subprocess.run([*command, "-"], input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout


def load(text, tmp_path, name="generated_demo"):
    path = tmp_path / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_text_is_what_an_expert_would_write():
    text = emit_torch(PROGRAM, "demo.hqm")
    expected = '''\
class Iris(Module):
    """A variational classifier.

    model iris(x: real[B, 4]) -> real[B, 3]
    """

    def __init__(self) -> None:
        super().__init__()
        self.vqc = Vqc(layers=3, n=4)
        self.linear = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """real[B, 4] -> real[B, 3]"""
        bind_dimensions("iris", {"x": "real[B, 4]"}, {"x": x})
        return self.linear(self.vqc(x))  # real[B, 3]
'''
    assert expected in text
    assert "self.block = nn.ModuleList(Block(heads=1, d=8) for _ in range(2))" in text
    assert "for block in self.block:\n            x = block(x, mask)  # real[B, T, 8]" in text
    assert "a = self.layer_norm(a)  # real[B, T, 8]" in text
    assert "f = self.dropout(self.linear_5(F.gelu(self.linear_4(a))))  # real[B, T, 8]" in text
    assert 'T = dims["T"]' in text
    assert "return BertOutput(hidden=x, pooled=torch.tanh(self.linear(x[:, 0])))" in text
    assert "def __init__(self, layers: int = 2, *, n: int = 4) -> None:" in text


def test_the_text_is_clean_and_formatted():
    text = emit_torch(PROGRAM, "demo.hqm", ("source/demo.hqm",))
    assert ruff_findings(text) == ""
    assert format_source(text) == text


def test_the_same_program_gives_the_same_bytes():
    code = "import test_emit_torch as t; print(t.emit_torch(t.PROGRAM, 'demo.hqm'))"
    texts = set()
    for seed in ("1", "2"):
        environment = {"PYTHONPATH": ":".join([__file__.rsplit("/", 1)[0], *sys.path])}
        command = [sys.executable, "-c", code]
        environment["PYTHONHASHSEED"] = seed
        texts.add(subprocess.run(command, capture_output=True, env=environment, check=True).stdout)
    assert texts == {f"{emit_torch(PROGRAM, 'demo.hqm')}\n".encode()}


def test_emitting_imports_no_torch():
    code = (
        "import sys, qmlc.backends.torch.emit_torch; print({'torch', 'numpy'} & set(sys.modules))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.stdout.decode().strip() == "set()", done.stderr


def test_iris_is_a_linear_layer_after_a_circuit(tmp_path):
    demo = load(emit_torch(PROGRAM, "demo.hqm"), tmp_path)
    model, x = demo.Iris(), torch.randn(5, 4)
    torch.testing.assert_close(model(x), model.linear(model.vqc(x)))
    assert model.vqc.circuit_ir == vqc().circuit
    assert model.vqc.w.shape == (3, 4, 3)
    assert {"linear.weight", "linear.bias"} <= set(model.state_dict())
    with pytest.raises(
        ValueError, match=r"iris: `x` is real\[5, 3\], but real\[B, 4\] is declared"
    ):
        model(x[:, :3])


def test_bert_computes_what_its_formulas_say(tmp_path):
    demo = load(emit_torch(PROGRAM, "demo.hqm"), tmp_path)
    model = demo.Bert().eval()
    tokens, mask = torch.randint(50, (2, 5)), torch.rand(2, 5) > 0.3
    mask[:, 0] = True

    def layer(b, x):
        q, k, v = b.linear_1(x), b.linear_2(x), b.linear_3(x)
        scores = q @ k.transpose(1, 2) / 8**0.5
        weights = scores.masked_fill(~mask[:, None], float("-inf")).softmax(-1)
        a = b.layer_norm(x + weights @ v)
        return a + b.linear_5(nn.functional.gelu(b.linear_4(a)))

    x = model.embedding_1.weight[tokens] + model.embedding_2.weight[:5]
    x = layer(model.block[1], layer(model.block[0], x))
    out = model(tokens, mask)
    torch.testing.assert_close(out.hidden, x)
    torch.testing.assert_close(out.pooled, torch.tanh(model.linear(x[:, 0])))
    assert type(out).__name__ == "BertOutput"
    assert "block.0.linear_1.weight" in model.state_dict()


def test_own_parameters_start_from_their_distribution(tmp_path):
    g = Builder()
    w = g.real("parameter", (), 2, 3, name="w")
    s = g.real("parameter", (), name="s.0")
    out = g.real("multiply", (w, s), 2, 3)
    unit = Unit(
        "scale", "Scale", "layer", (), TensorType("real", (2, 3)), graph=g.build(out),
        parameters=(
            Variable("w", (2, 3), Distribution("constant", (0.5,))),
            Variable("s.0", (), Distribution("constant", (2.0,))),
        ),
    )  # fmt: skip
    module = load(emit_torch(Program("p", units=(unit,)), "p.hqm"), tmp_path).Scale()
    assert set(module.state_dict()) == {"w", "s.0"}
    torch.testing.assert_close(module(), torch.ones(2, 3))


@pytest.mark.parametrize(
    ("paths", "assignment", "access"),
    [
        (["a"], "self.a = M()", {"a": "self.a"}),
        (
            ["b.0", "b.1"],
            "self.b = nn.ModuleList(M() for _ in range(2))",
            {"b.0": "self.b[0]", "b.1": "self.b[1]"},
        ),
        (
            ["b.0.0", "b.0.1", "b.1.0"],
            "self.b = nn.ModuleList([nn.ModuleList(M() for _ in range(2)), nn.ModuleList([M()])])",
            {"b.0.0": "self.b[0][0]", "b.0.1": "self.b[0][1]", "b.1.0": "self.b[1][0]"},
        ),
        (
            ["b.1", "b.3"],
            "self.b = nn.ModuleDict({'1': M(), '3': M()})",
            {"b.1": "self.b['1']", "b.3": "self.b['3']"},
        ),
        (["forward"], "self.forward_ = M()", {"forward": "self.forward_"}),
        (["_modules"], "self.part_modules = M()", {"_modules": "self.part_modules"}),
    ],
)
def test_paths_become_attributes_and_lists(paths, assignment, access):
    laid = lay_out(
        [(path, lambda access: "M()") for path in paths], Identifiers(MODULE_ATTRIBUTES), "Module"
    )
    assert laid.assignments == (assignment,)
    assert laid.access == access


def test_no_submodule_can_hide_what_torch_defines():
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    public -= {"smart_apply"}  # transformers adds it while it is imported
    assert public <= MODULE_ATTRIBUTES


def test_classes_do_not_take_the_names_of_imports():
    program = Program(
        "p", units=tuple(Unit(n, n, "model", (), HIDDEN) for n in ("Module", "X", "A"))
    )
    assert class_names(program) == {"Module": "Module_", "X": "X_", "A": "A"}


def test_what_is_no_python_is_our_bug():
    with pytest.raises(FormatError):
        format_source("class :")


nasty = st.text(st.sampled_from(list("\\\"'{}\n\t a#\x00\u2028é\x02")), max_size=30)
nasty_names = st.sampled_from(
    ["x", "self", "torch", "lambda", "None", "F", "dims", "été", "ﬁ", "fi", "a b", "1x", "", "__y"]
)


@given(nasty, nasty, nasty_names, nasty_names, nasty_names, nasty_names)
@settings(max_examples=25, deadline=None)
def test_texts_of_a_program_are_data(doc, source, name, first, second, path):
    g = Builder()
    if first == second:
        second += "_b"
    x = g.real("input", (), B, 4, name=first)
    y = g.real("input", (), B, 4, name=second)
    total = g.real("add", (x, g.real("call", (y,), B, 4, module=path or "p")), B, 4, let=name)
    out = g.real("multiply", (total, total), B, 4)
    kind = TensorType("real", (B, 4))
    unit = Unit(
        name, "Unit", "model", ((first, kind), (second, kind)), kind,
        (Setting(name or "s", "str"),), ((name or "s", doc),), graph=g.build(out),
        submodules=(linear(path or "p", 4, 4),), doc=doc, source=source,
    )  # fmt: skip
    text = emit_torch(Program("p", doc, (unit,)), "p.hqm")
    assert ruff_findings(text) == "", text
    namespace: dict = {"__name__": "nasty"}
    exec(compile(text, "nasty.py", "exec"), namespace)
    made = namespace["Unit"]
    assert list(made.settings.values()) == [doc]
    model = made()
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    inner = next(iter(model.children()))
    torch.testing.assert_close(model(a, b), (a + inner(b)) ** 2)


@given(st.one_of(nasty, st.text()), nasty)
@settings(max_examples=50, deadline=None)
def test_a_docstring_says_its_text_whatever_that_is(doc, source):
    lines = list(docstring(doc, source))
    value = ast.literal_eval("\n".join(lines)) if lines else ""
    assert "".join(value.split()) == "".join((doc + source).split())


OPERATIONS = {
    "add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply, "tanh": torch.tanh,
    "negative": torch.negative, "maximum": torch.maximum, "relu": torch.relu, "sin": torch.sin,
    "matmul": torch.matmul,
}  # fmt: skip


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_forward_computes_the_graph(data):
    g = Builder()
    nodes = [g.real("input", (), B, B, name=name) for name in ("x", "y")]
    lets = st.sampled_from(["", "", "", "x", "y", "h", "h_", "tanh", "B", "sin"])
    for _ in range(data.draw(st.integers(1, 25))):
        operation = data.draw(st.sampled_from(list(OPERATIONS)))
        count = 1 if operation in ("tanh", "negative", "relu", "sin") else 2
        inputs = [data.draw(st.sampled_from(nodes)) for _ in range(count)]
        nodes.append(g.real(operation, inputs, B, B, let=data.draw(lets)))
    size = g.add("dimension", (), TensorType("int"), value=B * 2)
    kind = TensorType("real", (B, B))
    graph = g.build(g.real("divide", (nodes[-1], size), B, B))
    unit = Unit("u", "Unit", "model", (("x", kind), ("y", kind)), kind, graph=graph)
    text = emit_torch(Program("p", "", (unit,)), "p.hqm")
    assert ruff_findings(text) == "", text
    namespace: dict = {"__name__": "generated"}
    exec(compile(text, "generated.py", "exec"), namespace)
    x, y = torch.rand(3, 3).double() / 3, torch.rand(3, 3).double() / 3
    values = {}
    for n, node in enumerate(graph.nodes):
        if node.operation == "input":
            values[n] = {"x": x, "y": y}[node.attribute("name")]
        elif node.operation in OPERATIONS:
            values[n] = OPERATIONS[node.operation](*(values[i] for i in node.inputs))
    torch.testing.assert_close(
        namespace["Unit"]()(x, y), values[graph.nodes[graph.output].inputs[0]] / 6, msg=text
    )


def test_a_kernel_is_the_matrix_of_overlaps(tmp_path):
    c = CircuitBuilder("fidelity")
    x = c.input("x", 2)
    q = c.qubits("q", 2)
    for i in range(2):
        c.ry(x[i], q[i])
    unit = Unit(
        "fidelity", "Fidelity", "kernel", (("x", TensorType("real", (2,))),),
        TensorType("real", (B, T)), circuit=c.build(),
    )  # fmt: skip
    text = emit_torch(Program("p", units=(unit,)), "p.hqm")
    assert ruff_findings(text) == ""
    kernel = load(text, tmp_path).Fidelity()
    a, b = torch.randn(3, 2), torch.randn(4, 2)
    expected = torch.cos((a[:, None] - b[None]) / 2).prod(-1) ** 2
    torch.testing.assert_close(kernel(a, b), expected)
    assert kernel.circuit() == unit.circuit


def stack(paths, *, shared=False):
    """A unit that calls its blocks one after the other, each with a mask beside."""
    graph = Builder()
    x, mask = graph.add("input", [], HIDDEN, name="x"), graph.add("input", [], MASK, name="mask")
    value = x
    for path in paths:
        before, value = value, graph.add("call", [value, mask], HIDDEN, module=path)
        if shared:
            value = graph.real("add", [before, value], B, T, 8)
    block = block_unit()
    parts = tuple(Submodule(path, "Block", is_unit=True) for path in paths)
    inputs = (("x", HIDDEN), ("mask", MASK))
    unit = Unit(
        "stack", "Stack", "model", inputs, HIDDEN, graph=graph.build(value), submodules=parts
    )
    return emit_torch(Program("stack", units=(block, unit)), "stack.hqm")


def block_unit():
    graph = Builder()
    x = graph.add("input", [], HIDDEN, name="x")
    graph.add("input", [], MASK, name="mask")
    inputs = (("x", HIDDEN), ("mask", MASK))
    return Unit("block", "Block", "layer", inputs, HIDDEN, graph=graph.build(x))


def test_modules_of_a_list_are_called_in_a_loop():
    text = stack(["block.0", "block.1", "block.2"])
    assert "for block in self.block:\n            x = block(x, mask)" in text


@pytest.mark.parametrize("paths", [["block.0"], ["block.0", "other.1"], ["block.1", "block.0"]])
def test_what_is_no_whole_list_is_not_called_in_a_loop(paths):
    assert "for block in" not in stack(paths)


def test_results_used_again_are_not_lost_in_a_loop():
    assert "for block in" not in stack(["block.0", "block.1"], shared=True)


LSTM = """
model m(x: real[B, T, 3]) -> real[B, 8] {
    let output, hidden, cell = lstm(4, batch_first=true)(x)
    return cat([max(output, dim=1), mean(output, dim=1)], dim=-1)
}

model both(x: real[B, T, 3]) -> (last: real[B, 4], twice: real[B, T, 4]) {
    let r = lstm(4, batch_first=true)(x)
    return (last=r.hidden[0], twice=r.output + r.output ** 2)
}
"""


def test_a_layer_of_several_results_runs_once():
    program = qmlc.compile(LSTM)
    assert program.python.count("self.lstm(x)") == 2
    assert "output = self.lstm(x)[0]" in program.python
    x = torch.randn(2, 3, 3)
    for net in (program.m(), program.both()):
        calls = []
        net.lstm.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        net(x)
        assert calls == [1]
