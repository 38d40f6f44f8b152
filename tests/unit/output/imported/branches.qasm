OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
bit[4] c; bit output_bit;
reset q;
h q;
barrier q;
h q[0];
c[0] = measure q[0];
if(int[4](c) == 1) { rz(pi / 2) q[1]; }
h q[1];
c[1] = measure q[1];
if(int[4](c) == 1) { rz(pi / 4) q[2]; }
if(int[4](c) == 2) { rz(pi / 2) q[2]; }
if(int[4](c) == 3) { rz(pi / 2 + pi / 4) q[2]; }
switch (c[1]) { case 0 { x q[3]; } default { y q[3]; } }
if (c[0] && !c[1] || c[1] != 0) { z q[3]; }
h q[2];
c[2] = measure q[2];
output_bit = measure q[3];
