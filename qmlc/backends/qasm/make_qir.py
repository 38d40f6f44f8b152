"""QIR of a text in the dialect `azure`, made by Microsoft's qdk."""

from __future__ import annotations

import os

from qmlc.backends.qasm.errors import NotExpressible


def make_qir(text: str, profile: str) -> str:
    """The QIR (LLVM's language) of a text of OpenQASM, in the profile "base" or "adaptive".

    NotExpressible where qdk is not installed, and for what the profile lacks: inputs everywhere,
    conditions in "base" (https://learn.microsoft.com/azure/quantum/quantum-computing-target-profiles).
    """
    # qdk would tell Microsoft of each use
    os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")
    try:
        from qdk import TargetProfile, openqasm  # in an extra, and of use for Azure only
    except ImportError:
        what = "QIR is made by Microsoft's `qdk`, which is not installed"
        raise NotExpressible(what, "pip install 'qmlc[azure]'") from None
    profiles = {"base": TargetProfile.Base, "adaptive": TargetProfile.Adaptive_RI}
    try:
        return str(openqasm.compile(text, target_profile=profiles[profile]))
    except Exception as error:  # qdk's own classes have no common one
        reason = next(filter(None, (line.strip(" x") for line in str(error).splitlines()[1:])), "")
        what = f"there is no QIR ({profile}) of this: {reason or error}"
        raise NotExpressible(what, "measure at the end, and bind all inputs") from None
