OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
output bit[2] result;
const float quarter = pi / 4;
gate poly(x) a { rz(2 ** 2 * x + quarter) a; for uint k in [1:2] { rx(x / k) a; } }
qubit[3] q;
int steps = 0;
while (steps < 3) { ry(theta * steps) q[steps]; steps += 1; }
poly(theta) q[1];
box { cx q[0], q[1]; }
float f = sin(pi/2) * 2;
rz(f) q[2];
for int i in {2, 0, 1} { if (i != 1) { h q[i]; } }
ctrl @ poly(0.5) q[0], q[2];
result[0] = measure q[0];
result[1] = measure q[1];
