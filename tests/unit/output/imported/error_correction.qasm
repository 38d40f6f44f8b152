// The code of three qubits, as in the examples of OpenQASM.
OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
qubit[2] a;
bit[2] syn;
bit[3] c;
gate syndrome d1, d2, d3, a1, a2 { cx d1, a1; cx d2, a1; cx d2, a2; cx d3, a2; }
reset q;
reset a;
x q[0];
barrier q;
syndrome q[0], q[1], q[2], a[0], a[1];
syn = measure a;
if (syn == 1) x q[0];
if (syn == 2) x q[2];
if (syn == 3) x q[1];
c = measure q;
