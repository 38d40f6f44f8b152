OPENQASM 3.0;
// circuit filter
// x_0 is x[0]
// x_1 is x[1]
// x_2 is x[2]
// x_3 is x[3]
// w_0_0 is w[0, 0]
// w_0_1 is w[0, 1]
// w_0_2 is w[0, 2]
// w_1_0 is w[1, 0]
// w_1_1 is w[1, 1]
// w_1_2 is w[1, 2]
// w_2_0 is w[2, 0]
// w_2_1 is w[2, 1]
// w_2_2 is w[2, 2]
// w_3_0 is w[3, 0]
// w_3_1 is w[3, 1]
// w_3_2 is w[3, 2]
include "stdgates.inc";
input float[64] x_0;
input float[64] x_1;
input float[64] x_2;
input float[64] x_3;
input float[64] w_0_0;
input float[64] w_0_1;
input float[64] w_0_2;
input float[64] w_1_0;
input float[64] w_1_1;
input float[64] w_1_2;
input float[64] w_2_0;
input float[64] w_2_1;
input float[64] w_2_2;
input float[64] w_3_0;
input float[64] w_3_1;
input float[64] w_3_2;
gate u(angle0, angle1, angle2) a {
  p(angle2) a;
  ry(angle0) a;
  p(angle1) a;
}
qubit[4] q;
ry(3.141592653589793*x_0) q[0];
ry(3.141592653589793*x_1) q[1];
ry(3.141592653589793*x_2) q[2];
ry(3.141592653589793*x_3) q[3];
u(w_0_0, w_0_1, w_0_2) q[0];
u(w_1_0, w_1_1, w_1_2) q[1];
u(w_2_0, w_2_1, w_2_2) q[2];
u(w_3_0, w_3_1, w_3_2) q[3];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
cx q[3], q[0];
