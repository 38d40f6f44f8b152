"""From circuits to Qiskit, OpenQASM 3 and 2, and devices.

Import what is needed from the modules themselves: this one imports nothing, so that devices can be
listed without Qiskit.
"""
