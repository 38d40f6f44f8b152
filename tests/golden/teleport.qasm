OPENQASM 3.0;
// circuit teleport
include "stdgates.inc";
input float[64] theta;
qubit[1] alice;
qubit[2] pair;
bit[1] m0;
bit[1] m1;
ry(theta) alice[0];
h pair[0];
cx pair[0], pair[1];
cx alice[0], pair[0];
h alice[0];
m0[0] = measure alice[0];
m1[0] = measure pair[0];
if (m1[0]) {
  x pair[1];
}
if (m0[0]) {
  z pair[1];
}
