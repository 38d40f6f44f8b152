"""Random texts of programs with one circuit: gates, modifiers, angles, branches, observables."""

from hypothesis import strategies as st

from qmlc.ops.gates import GATES, gate_arity

WIDTH = 3
QUBITS = ("a", "q[0]", "q[1]")
SCALARS = ("x[0]", "x[1]", "t", "w[0]", "w[1]")
FUNCTIONS = ("sin", "cos", "tanh", "sqrt", "exp", "atan", "log", "sigmoid", "abs")
NUMBERS = ("0.5", "2", "pi", "pi / 3", "1.25", "-0.7", "3e-1")
GATE_NAMES = sorted(n for n in GATES if gate_arity(n)[1] <= WIDTH)
CONTROLLED = ("cx", "cy", "cz", "ch", "cp", "crx", "cry", "crz", "ccx", "cswap", "cu")
ANGLES = {"cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 4}
TARGETS = {"ccx": 3, "cswap": 3}


@st.composite
def expressions(draw, depth=2):
    """An angle: scalars, numbers, functions and arithmetic."""
    kind = draw(st.sampled_from("leaf leaf sum product call power quotient negative".split()))
    if depth == 0 or kind == "leaf":
        return draw(st.sampled_from(SCALARS + NUMBERS))
    left = draw(expressions(depth - 1))
    match kind:
        case "sum":
            return f"({left} {draw(st.sampled_from('+-'))} {draw(expressions(depth - 1))})"
        case "product":
            return f"{left} * {draw(expressions(depth - 1))}"
        case "call":
            name = draw(st.sampled_from(FUNCTIONS))
            inside = f"1 + ({left}) ** 2" if name in ("sqrt", "log") else f"0.3 * ({left})"
            return f"{name}({inside})"
        case "power":
            return f"({left}) ** {draw(st.sampled_from('23'))}"
        case "quotient":
            return f"{left} / (2 + ({draw(expressions(depth - 1))}) ** 2)"
        case "negative":
            return f"-({left})"


@st.composite
def gates(draw, constant=False):
    """A gate statement, often with modifiers."""
    name = draw(st.sampled_from((*GATE_NAMES, *CONTROLLED)))
    if name in CONTROLLED:
        count, width = ANGLES.get(name, 0), TARGETS.get(name, 2)
    else:
        count, width = gate_arity(name)
    order = draw(st.permutations(QUBITS))
    modifiers, room = "", WIDTH - width
    for kind in draw(st.lists(st.sampled_from("ctrl negctrl inv pow".split()), max_size=3)):
        if kind in ("ctrl", "negctrl"):
            if not room:
                continue
            room -= 1
            width += 1
            modifiers += f"{kind} @ "
        elif kind == "inv":
            modifiers += "inv @ "
        else:
            modifiers += f"pow({draw(st.sampled_from(('2', '3', '-1', '0', '-2')))}) @ "
    angles = ", ".join(draw(expressions()) for _ in range(count))
    call = f"{name}({angles})" if count else name
    return f"{modifiers}{call} {', '.join(order[:width])}"


@st.composite
def statements(draw, bits):
    """A statement of a circuit's body; `bits` are the names of measured bits so far."""
    kind = draw(st.sampled_from("gate gate gate gate phase register loop block measure if".split()))
    match kind:
        case "phase":
            control = draw(st.sampled_from(("", "ctrl @ ", "negctrl @ ")))
            operand = f" {draw(st.sampled_from(QUBITS))}" if control else ""
            return [f"{control}gphase({draw(expressions())}){operand}"]
        case "register":
            name = draw(st.sampled_from(("h", "sx", "t", "y")))
            return [f"{name} q", f"rx({draw(expressions())}) q"]
        case "loop":
            return ["for i in range(2) {", f"    ry(w[i] * {draw(expressions(1))}) q[i]", "}"]
        case "block":
            return [f"block({draw(expressions(1))}) {', '.join(draw(st.permutations(QUBITS))[:2])}"]
        case "measure" if bits is not None and len(bits) < 2:
            bits.append(f"m{len(bits)}")
            qubit = draw(st.sampled_from(QUBITS))
            return [f"let {bits[-1]} = measure {qubit}", f"reset {qubit}"]
        case "if" if bits:
            test = f"{draw(st.sampled_from(bits))} == {draw(st.sampled_from('01'))}"
            return [
                f"if {test} {{",
                f"    {draw(gates())}",
                "} else {",
                f"    {draw(gates())}",
                "}",
            ]
    return [draw(gates())]


@st.composite
def observables(draw):
    """A sum of products of Pauli operators with coefficients."""
    terms = []
    for _ in range(draw(st.integers(1, 3))):
        qubits = draw(st.permutations(QUBITS))[: draw(st.integers(1, WIDTH))]
        string = " * ".join(f"{draw(st.sampled_from('XYZ'))}({q})" for q in qubits)
        number = draw(st.sampled_from(("", "0.5 * ", "x[1] * ", "tanh(t) * ", "w[0] ** 2 * ")))
        terms.append(number + string)
    return " + ".join(terms) + draw(st.sampled_from(("", " - 0.25", " + t")))


@st.composite
def programs(draw):
    """The text of a program with one circuit over x[2], t and w[2]."""
    bits = draw(st.sampled_from(([], None)))
    bits = None if bits is None else []
    body = ["param w: real[2] ~ uniform(0, 1)", "qubit a, q[2]"]
    for _ in range(draw(st.integers(1, 7))):
        body += draw(statements(bits))
    results = [f"e=expval({draw(observables())})"]
    if draw(st.booleans()):
        results.append(f"v=variance({draw(observables())})")
    if draw(st.booleans()):
        order = draw(st.permutations(QUBITS))[: draw(st.integers(1, WIDTH))]
        results.append(f"p=probs([{', '.join(order)}])")
    if not bits and draw(st.booleans()):
        results.append("s=state([a, q[0], q[1]])")
    sizes = {"p": "real[{}]", "s": "complex[8]"}
    kinds = []
    for result in results:
        name = result[0]
        width = result.count(",") + 1
        kinds.append(f"{name}: " + sizes.get(name, "real").format(2**width))
    body.append(f"return ({', '.join(results)})")
    lines = "\n".join(f"    {line}" for line in body)
    gate = "gate block(z: real) a, b {\n    rx(z) a\n    ctrl @ s a, b\n    gphase(z)\n}\n"
    head = f"circuit random(x: real[2], t: real) -> ({', '.join(kinds)})"
    return f"{gate}\n{head} {{\n{lines}\n}}\n"
