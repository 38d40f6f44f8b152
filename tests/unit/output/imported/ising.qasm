// Trotter steps of an Ising chain, as compilers write them.
OPENQASM 2.0;
include "qelib1.inc";
qreg q[5];
creg c[5];
h q[0]; h q[1]; h q[2]; h q[3]; h q[4];
rzz(-0.4) q[0],q[1]; rzz(-0.4) q[1],q[2]; rzz(-0.4) q[2],q[3]; rzz(-0.4) q[3],q[4];
rx(0.78539816) q[0]; rx(0.78539816) q[1]; rx(0.78539816) q[2]; rx(0.78539816) q[3]; rx(0.78539816) q[4];
rzz(-0.4) q[0],q[1]; rzz(-0.4) q[1],q[2]; rzz(-0.4) q[2],q[3]; rzz(-0.4) q[3],q[4];
rx(0.7853981633974483) q[0]; rx(0.7853981633974483) q[1]; rx(0.7853981633974483) q[2]; rx(0.7853981633974483) q[3]; rx(0.7853981633974483) q[4];
measure q -> c;
