"""Circuits on devices whose qubits are not all connected: blocks, routes, synthesis."""
