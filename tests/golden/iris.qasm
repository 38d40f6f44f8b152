OPENQASM 3.0;
// circuit vqc
// x_0 is x[0]
// x_1 is x[1]
// x_2 is x[2]
// x_3 is x[3]
// w_0_0_0 is w[0, 0, 0]
// w_0_0_1 is w[0, 0, 1]
// w_0_0_2 is w[0, 0, 2]
// w_0_1_0 is w[0, 1, 0]
// w_0_1_1 is w[0, 1, 1]
// w_0_1_2 is w[0, 1, 2]
// w_0_2_0 is w[0, 2, 0]
// w_0_2_1 is w[0, 2, 1]
// w_0_2_2 is w[0, 2, 2]
// w_0_3_0 is w[0, 3, 0]
// w_0_3_1 is w[0, 3, 1]
// w_0_3_2 is w[0, 3, 2]
// w_1_0_0 is w[1, 0, 0]
// w_1_0_1 is w[1, 0, 1]
// w_1_0_2 is w[1, 0, 2]
// w_1_1_0 is w[1, 1, 0]
// w_1_1_1 is w[1, 1, 1]
// w_1_1_2 is w[1, 1, 2]
// w_1_2_0 is w[1, 2, 0]
// w_1_2_1 is w[1, 2, 1]
// w_1_2_2 is w[1, 2, 2]
// w_1_3_0 is w[1, 3, 0]
// w_1_3_1 is w[1, 3, 1]
// w_1_3_2 is w[1, 3, 2]
// w_2_0_0 is w[2, 0, 0]
// w_2_0_1 is w[2, 0, 1]
// w_2_0_2 is w[2, 0, 2]
// w_2_1_0 is w[2, 1, 0]
// w_2_1_1 is w[2, 1, 1]
// w_2_1_2 is w[2, 1, 2]
// w_2_2_0 is w[2, 2, 0]
// w_2_2_1 is w[2, 2, 1]
// w_2_2_2 is w[2, 2, 2]
// w_2_3_0 is w[2, 3, 0]
// w_2_3_1 is w[2, 3, 1]
// w_2_3_2 is w[2, 3, 2]
include "stdgates.inc";
input float[64] x_0;
input float[64] x_1;
input float[64] x_2;
input float[64] x_3;
input float[64] w_0_0_0;
input float[64] w_0_0_1;
input float[64] w_0_0_2;
input float[64] w_0_1_0;
input float[64] w_0_1_1;
input float[64] w_0_1_2;
input float[64] w_0_2_0;
input float[64] w_0_2_1;
input float[64] w_0_2_2;
input float[64] w_0_3_0;
input float[64] w_0_3_1;
input float[64] w_0_3_2;
input float[64] w_1_0_0;
input float[64] w_1_0_1;
input float[64] w_1_0_2;
input float[64] w_1_1_0;
input float[64] w_1_1_1;
input float[64] w_1_1_2;
input float[64] w_1_2_0;
input float[64] w_1_2_1;
input float[64] w_1_2_2;
input float[64] w_1_3_0;
input float[64] w_1_3_1;
input float[64] w_1_3_2;
input float[64] w_2_0_0;
input float[64] w_2_0_1;
input float[64] w_2_0_2;
input float[64] w_2_1_0;
input float[64] w_2_1_1;
input float[64] w_2_1_2;
input float[64] w_2_2_0;
input float[64] w_2_2_1;
input float[64] w_2_2_2;
input float[64] w_2_3_0;
input float[64] w_2_3_1;
input float[64] w_2_3_2;
qubit[4] q;
ry(x_0) q[0];
ry(x_1) q[1];
ry(x_2) q[2];
ry(x_3) q[3];
rz(w_0_0_0) q[0];
ry(w_0_0_1) q[0];
rz(w_0_0_2) q[0];
rz(w_0_1_0) q[1];
ry(w_0_1_1) q[1];
rz(w_0_1_2) q[1];
rz(w_0_2_0) q[2];
ry(w_0_2_1) q[2];
rz(w_0_2_2) q[2];
rz(w_0_3_0) q[3];
ry(w_0_3_1) q[3];
rz(w_0_3_2) q[3];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
cx q[3], q[0];
rz(w_1_0_0) q[0];
ry(w_1_0_1) q[0];
rz(w_1_0_2) q[0];
rz(w_1_1_0) q[1];
ry(w_1_1_1) q[1];
rz(w_1_1_2) q[1];
rz(w_1_2_0) q[2];
ry(w_1_2_1) q[2];
rz(w_1_2_2) q[2];
rz(w_1_3_0) q[3];
ry(w_1_3_1) q[3];
rz(w_1_3_2) q[3];
cx q[0], q[2];
cx q[1], q[3];
cx q[2], q[0];
cx q[3], q[1];
rz(w_2_0_0) q[0];
ry(w_2_0_1) q[0];
rz(w_2_0_2) q[0];
rz(w_2_1_0) q[1];
ry(w_2_1_1) q[1];
rz(w_2_1_2) q[1];
rz(w_2_2_0) q[2];
ry(w_2_2_1) q[2];
rz(w_2_2_2) q[2];
rz(w_2_3_0) q[3];
ry(w_2_3_1) q[3];
rz(w_2_3_2) q[3];
cx q[0], q[3];
cx q[1], q[0];
cx q[2], q[1];
cx q[3], q[2];
