OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
input float[64] γ;
gate layer(a, b) q, r { ry(a/2) q; cx q, r; rz(b) r; }
qubit[4] q;
bit[2] c;
bit m;
h q;
cx q[0], q[1];cx q[1], q[2];cx q[2], q[3];
layer(theta, γ*pi/4) q[0], q[1];
ctrl @ layer(theta, pi/8) q[2], q[0], q[1];
negctrl @ x q[0], q[1];
pow(0.5) @ x q[2];
inv @ layer(0.25, 1) q[0], q[1];
c[0] = measure q[0];
c[1] = measure q[1];
if (c == 2) { x q[2]; } else { y q[2]; rz(1.5707963267948966) q[3];}
if (c[0]) { x q[2]; if (c[1]) { z q[2]; } }
reset q[0];
U(0.1,0.2,0.3) q[0];
gphase(pi/7);
delay[100ns] q[0];
m = measure q[3];
