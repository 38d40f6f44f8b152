"""From gates in program order to few, wide steps: each gate joins the last step that it can reach.

A gate reaches back over steps with which it commutes: on every qubit that both touch, both are
diagonal. A diagonal gate also passes permutations that are linear over GF(2) (x, cx, swap), as
the parities that it reads are then other parities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

import numpy as np

from qmlc.ir.circuit import Condition, Result
from qmlc.ops.matrices import PAULI
from qmlc.runtime.normal_form import (
    Action,
    Dense,
    Gate,
    Measure,
    PauliTurn,
    Permute,
    Phases,
    PhaseTerm,
    Prepare,
    Reset,
    Turn,
    bits_of,
)
from qmlc.runtime.normalise import phase_turn
from qmlc.types.polynomial import Value, lift

WINDOW = 64
"""How many steps a gate looks back, so that planning stays linear in the number of gates."""

MAX_BRANCHES = 1024
"""Of how many outcomes of mid-circuit measurements a circuit is simulated exactly."""

MAX_EXPANDED_CONTROLS = 3
"""A phase under more controls does not pass permutations: it would be 2**controls parities."""

Branches = tuple[int, ...] | None
"""The branches on which a step acts; None for all."""


@dataclass
class Layer:
    """One-qubit gates: for each qubit the turns in order."""

    sample: bool
    branches: Branches
    runs: dict[int, list[Turn]] = field(default_factory=dict)

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return sum(1 << q for q in self.runs)

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return self.qubits


@dataclass
class Diagonal:
    """Diagonal gates; `sample` is None while all angles are numbers."""

    sample: bool | None
    branches: Branches
    terms: tuple[PhaseTerm, ...] = ()

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return Phases(self.terms).qubits

    @property
    def moved(self) -> int:
        """The qubits whose basis states change: none."""
        return 0


@dataclass
class Shuffle:
    """Permutations of basis states."""

    branches: Branches
    gates: list[Permute] = field(default_factory=list)
    qubits: int = 0
    moved: int = 0

    def add(self, gate: Permute) -> None:
        """Act with one more permutation."""
        self.gates.append(gate)
        self.qubits |= gate.qubits
        self.moved |= gate.moved

    def pull(self, terms: Iterable[PhaseTerm]) -> tuple[PhaseTerm, ...] | None:
        """The terms that do before this what `terms` do after it; None where this is not linear."""
        reads: dict[int, tuple[int, int]] = {}
        for gate in self.gates:
            linear = _linear(gate)
            if linear is None:
                return None
            reads |= {
                place: _combine(linear[bit], gate.places, reads)
                for bit, place in enumerate(gate.places)
            }
        result = []
        for term in terms:
            if term.controls.mask.bit_count() > MAX_EXPANDED_CONTROLS:
                return None
            for angle, mask in expand_controls(term):
                pulled, negative = 0, 0
                for qubit in bits_of(mask):
                    read, constant = reads.get(qubit, (1 << qubit, 0))
                    pulled ^= read
                    negative ^= constant
                result.append(PhaseTerm(-angle if negative else angle, pulled))
        return tuple(result)


@dataclass
class Single:
    """A gate that is a step of its own."""

    branches: Branches
    gate: PauliTurn | Dense | Prepare

    @property
    def qubits(self) -> int:
        """The qubits acted on."""
        return self.gate.qubits

    @property
    def moved(self) -> int:
        """The qubits whose basis states change."""
        return self.gate.moved


@dataclass
class Fork:
    """Parts branches by the state of a qubit.

    Other branches come first, then these with the qubit in |0>, then with the qubit in |1>.
    """

    qubit: int
    branches: Branches


Step = Layer | Diagonal | Shuffle | Single | Fork


def _linear(gate: Permute) -> list[tuple[int, int]] | None:
    """For each image bit the (mask, constant) whose parity it is, or None if not linear."""
    if len(gate.places) > 4:
        return None
    images, zero = gate.images, gate.images[0]
    basis = [images[1 << bit] ^ zero for bit in range(len(gate.places))]
    for j, image in enumerate(images):
        total = zero
        for bit in bits_of(j):
            total ^= basis[bit]
        if total != image:
            return None
    return [
        (sum((column >> bit & 1) << i for i, column in enumerate(basis)), zero >> bit & 1)
        for bit in range(len(gate.places))
    ]


def _combine(
    read: tuple[int, int], places: Sequence[int], reads: dict[int, tuple[int, int]]
) -> tuple[int, int]:
    mask, constant = 0, read[1]
    for bit in bits_of(read[0]):
        earlier, offset = reads.get(places[bit], (1 << places[bit], 0))
        mask ^= earlier
        constant ^= offset
    return mask, constant


def expand_controls(term: PhaseTerm) -> Iterator[tuple[Value, int]]:
    """The (angle, mask) parities that a controlled phase is the product of."""
    places = bits_of(term.controls.mask)
    for pick in range(1 << len(places)):
        chosen = [q for i, q in enumerate(places) if pick >> i & 1]
        sign = -1 if sum(term.controls.value >> q & 1 for q in chosen) % 2 else 1
        mask = sum(1 << q for q in chosen)
        yield term.angle * (sign / (1 << len(places))), mask ^ term.mask


@dataclass
class Schedule:
    """Steps so far, and what is known of each branch."""

    inputs: frozenset[str]
    steps: list[Step] = field(default_factory=list)
    records: list[dict[int, int]] = field(default_factory=lambda: [{}])
    """For each branch the classical bits."""
    known: list[dict[int, int]] = field(default_factory=lambda: [{}])
    """For each branch the qubits in a known basis state."""

    def per_sample(self, value: Value) -> bool | None:
        """Whether `value` depends on inputs; None for a number."""
        polynomial = lift(value)
        if polynomial.constant is not None:
            return None
        return any(symbol.name in self.inputs for symbol in polynomial.symbols())

    def matching(self, condition: Condition | None) -> Branches:
        """The branches in which the condition holds; None for all of them."""
        if condition is None:
            return None
        held = tuple(
            i
            for i, record in enumerate(self.records)
            if sum(record.get(bit, 0) << p for p, bit in enumerate(condition.bits))
            in condition.values
        )
        return None if len(held) == len(self.records) else held

    def reachable(self, gate: Gate, branches: Branches) -> Iterator[Step]:
        """The steps with the same branches that `gate` can join, the last first."""
        for step in reversed(self.steps[-WINDOW:]):
            if isinstance(step, Fork):
                return
            if step.branches == branches:
                yield step
            if not _commute(step, gate):
                return

    def add_turn(self, turn: Turn, branches: Branches) -> None:
        """Put a one-qubit gate into a layer."""
        sample = self.per_sample(turn.angle)
        for step in self.reachable(turn, branches):
            if not isinstance(step, Layer):
                continue
            if step.sample == bool(sample) or (sample is None and turn.qubit in step.runs):
                # not across: the gradient of a shared angle is cheaper than of one per sample
                if not _add_angle(step, turn):
                    step.runs.setdefault(turn.qubit, []).append(turn)
                return
        self.steps.append(Layer(bool(sample), branches, {turn.qubit: [turn]}))

    def join_turn(self, turn: Turn, branches: Branches) -> bool:
        """Put a one-qubit gate into a layer that already acts on its qubit; False if none does."""
        sample = self.per_sample(turn.angle)
        for step in self.reachable(turn, branches):
            if isinstance(step, Layer) and turn.qubit in step.runs:
                if sample is None or step.sample == sample:
                    step.runs[turn.qubit].append(turn)
                    return True
        return False

    def add_phases(self, gate: Phases, branches: Branches) -> None:
        """Put a diagonal gate into a diagonal, before permutations where it can pass them."""
        samples = {self.per_sample(term.angle) for term in gate.terms} - {None}
        sample = None if not samples else any(samples)
        place, terms = len(self.steps), gate.terms
        for position in range(len(self.steps) - 1, max(-1, len(self.steps) - 1 - WINDOW), -1):
            step = self.steps[position]
            if isinstance(step, Fork):
                break
            if _joins(step, sample, branches):
                step.terms += terms
                step.sample = step.sample if sample is None else sample
                return
            if _commute(step, Phases(terms)):
                continue
            pulled = None
            if isinstance(step, Shuffle) and step.branches == branches:
                pulled = step.pull(terms)
            if pulled is None:
                break
            place, terms = position, pulled
        self.steps.insert(place, Diagonal(sample, branches, terms))

    def add_permute(self, gate: Permute, branches: Branches) -> None:
        """Put a permutation into a shuffle."""
        for step in self.reachable(gate, branches):
            if isinstance(step, Shuffle):
                step.add(gate)
                return
        shuffle = Shuffle(branches)
        shuffle.add(gate)
        self.steps.append(shuffle)

    def add_gate(self, gate: Gate, branches: Branches, followed: bool) -> None:
        """Put a gate where it is cheapest; `followed` if a turn on its qubit comes next."""
        turn = _as_turn(gate)
        if turn is not None and (isinstance(gate, Turn) or followed or not self.steps):
            self.add_turn(turn, branches)
        elif turn is None or not self.join_turn(turn, branches):
            match gate:
                case Phases():
                    self.add_phases(gate, branches)
                case Permute():
                    self.add_permute(gate, branches)
                case PauliTurn() | Dense() | Prepare():
                    self.steps.append(Single(branches, gate))
        for branch in self.each(branches):
            for qubit in bits_of(gate.moved):
                self.known[branch].pop(qubit, None)

    def each(self, branches: Branches) -> Sequence[int]:
        """The positions of branches."""
        return range(len(self.records)) if branches is None else branches

    def measure(self, qubit: int, bit: int, condition: Condition | None) -> None:
        """Record a measurement, in twice the branches where the outcome is open."""
        self.fork(qubit, self.matching(condition))
        for branch in self.each(self.matching(condition)):
            self.records[branch][bit] = self.known[branch][qubit]

    def reset(self, qubit: int, branches: Branches) -> None:
        """Put a qubit into |0>."""
        chosen = self.fork(qubit, branches)
        ones = tuple(i for i in chosen if self.known[i][qubit])
        if ones:
            flipped = None if len(ones) == len(self.records) else ones
            self.add_permute(Permute((qubit,), (1, 0)), flipped)
        for branch in chosen:
            self.known[branch][qubit] = 0

    def fork(self, qubit: int, branches: Branches) -> list[int]:
        """Part branches until the state of a qubit is known in each; what they have become.

        ValueError where there are too many.
        """
        chosen = self.each(branches)
        is_open = tuple(i for i in chosen if qubit not in self.known[i])
        if len(self.records) + len(is_open) > MAX_BRANCHES:
            raise ValueError(
                f"mid-circuit measurements and resets have more than {MAX_BRANCHES} outcomes in"
                " all, too many to follow each exactly"
            )
        if not is_open:
            return list(chosen)
        everything = len(is_open) == len(self.records)
        self.steps.append(Fork(qubit, None if everything else is_open))
        rest = [i for i in range(len(self.records)) if i not in is_open]
        order = [*rest, *is_open, *is_open]
        self.records = [dict(self.records[i]) for i in order]
        self.known = [dict(self.known[i]) for i in order]
        for offset in range(2 * len(is_open)):
            self.known[len(rest) + offset][qubit] = int(offset >= len(is_open))
        return [i for i, old in enumerate(order) if old in chosen]


def _add_angle(layer: Layer, turn: Turn) -> bool:
    """Whether the last turn of the qubit was about the same axis, and now turns further."""
    run = layer.runs.get(turn.qubit)
    if not run or turn.constant.any() or run[-1].constant.any():
        return False
    last = run[-1]
    if not (np.array_equal(last.cosine, PAULI["I"]) and np.array_equal(last.sine, turn.sine)):
        return False
    run[-1] = replace(last, angle=last.angle + turn.angle)
    return True


def _joins(step: Step, sample: bool | None, branches: Branches) -> TypeGuard[Diagonal]:
    if not isinstance(step, Diagonal) or step.branches != branches:
        return False
    return sample is None or step.sample is None or step.sample == sample


def _commute(step: Layer | Diagonal | Shuffle | Single, gate: Gate) -> bool:
    return not (step.moved & gate.qubits or step.qubits & gate.moved)


Conditional = tuple[Action, Condition | None]


def schedule(
    actions: Sequence[Conditional],
    num_qubits: int,
    inputs: Iterable[str],
    results: Sequence[Result],
) -> Schedule:
    """The steps of a circuit, and the records of its branches."""
    plan = Schedule(frozenset(inputs), known=[dict.fromkeys(range(num_qubits), 0)])
    silent = silent_measurements(actions, results)
    followed = _followed_by_turn(actions, plan)
    for position, (action, condition) in enumerate(actions):
        branches = plan.matching(condition)
        if branches == () or position in silent:
            continue
        match action:
            case Measure(qubit, bit):
                plan.measure(qubit, bit, condition)
            case Reset(qubit):
                plan.reset(qubit, branches)
            case Prepare(targets) if any(
                plan.known[i].get(q) != 0 for i in plan.each(branches) for q in targets
            ):
                raise ValueError("amplitudes can be prepared on fresh qubits only")
            case _:
                plan.add_gate(action, branches, followed[position])
    return plan


def _as_turn(gate: Gate) -> Turn | None:
    match gate:
        case Turn():
            return gate
        case Phases((term,)):
            return phase_turn(term)
        case Permute((qubit,), (1, 0)):
            matrix = PAULI["X"]
            return Turn(qubit, 0, matrix, 0 * matrix, 0 * matrix)
        case _:
            return None


def _followed_by_turn(actions: Sequence[Conditional], plan: Schedule) -> list[bool]:
    """For each action, whether the next one on its qubit is a turn into whose layer it can go."""
    result = [False] * len(actions)
    following: dict[int, tuple[bool | None, Condition | None] | None] = {}
    for position in range(len(actions) - 1, -1, -1):
        action, condition = actions[position]
        if isinstance(action, Measure | Reset):
            following[action.qubit] = None
            continue
        turn = _as_turn(action)
        if turn is None:
            for qubit in bits_of(action.qubits):
                following[qubit] = None
            continue
        sample = plan.per_sample(turn.angle)
        next_turn = following.get(turn.qubit)
        if next_turn is not None:
            result[position] = next_turn[1] == condition and (
                sample is None or next_turn[0] is None or sample == next_turn[0]
            )
        if isinstance(action, Turn):
            following[turn.qubit] = (sample, condition)
        elif not result[position]:
            following[turn.qubit] = None
    return result


def silent_measurements(actions: Sequence[Conditional], results: Sequence[Result]) -> set[int]:
    """Measurements that nothing can tell from none.

    Those whose bit no condition reads, whose qubit no later gate moves, and off whose basis no
    result looks.
    """
    read = {bit for _, condition in actions if condition for bit in condition.bits}
    watched = 0
    for result in results:
        if result.kind == "state":
            return set()
        if result.kind in ("purity", "entropy"):
            watched |= sum(1 << q for q in result.qubits)
        for operator in result.operators:
            for string, _ in operator.terms:
                watched |= sum(1 << q for q, letter in string if letter != "Z")
    silent = set()
    for position in range(len(actions) - 1, -1, -1):
        action, _ = actions[position]
        if isinstance(action, Reset):
            watched |= 1 << action.qubit
        elif isinstance(action, Measure):
            if action.bit not in read and not watched >> action.qubit & 1:
                silent.add(position)
        else:
            watched |= action.moved
    return silent
