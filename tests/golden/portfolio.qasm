OPENQASM 3.0;
// circuit qaoa
// mu_0 is mu[0]
// mu_1 is mu[1]
// mu_2 is mu[2]
// sigma_0_0 is sigma[0, 0]
// sigma_0_1 is sigma[0, 1]
// sigma_0_2 is sigma[0, 2]
// sigma_1_0 is sigma[1, 0]
// sigma_1_1 is sigma[1, 1]
// sigma_1_2 is sigma[1, 2]
// sigma_2_0 is sigma[2, 0]
// sigma_2_1 is sigma[2, 1]
// sigma_2_2 is sigma[2, 2]
// gamma_0 is gamma[0]
// gamma_1 is gamma[1]
// gamma_2 is gamma[2]
// beta_0 is beta[0]
// beta_1 is beta[1]
// beta_2 is beta[2]
include "stdgates.inc";
input float[64] mu_0;
input float[64] mu_1;
input float[64] mu_2;
input float[64] sigma_0_0;
input float[64] sigma_0_1;
input float[64] sigma_0_2;
input float[64] sigma_1_0;
input float[64] sigma_1_1;
input float[64] sigma_1_2;
input float[64] sigma_2_0;
input float[64] sigma_2_1;
input float[64] sigma_2_2;
input float[64] gamma_0;
input float[64] gamma_1;
input float[64] gamma_2;
input float[64] beta_0;
input float[64] beta_1;
input float[64] beta_2;
gate rzz(angle0) a, b {
  cx a, b;
  rz(angle0) b;
  cx a, b;
}
qubit[3] q;
gphase((-0.25)*gamma_0*sigma_0_0 - 0.125*gamma_0*sigma_0_1 - 0.125*gamma_0*sigma_0_2 - 0.125*gamma_0*sigma_1_0 - 0.25*gamma_0*sigma_1_1 - 0.125*gamma_0*sigma_1_2 - 0.125*gamma_0*sigma_2_0 - 0.125*gamma_0*sigma_2_1 - 0.25*gamma_0*sigma_2_2 + 0.5*gamma_0*mu_0 + 0.5*gamma_0*mu_1 + 0.5*gamma_0*mu_2 - 6.0*gamma_0 - 0.25*gamma_1*sigma_0_0 - 0.125*gamma_1*sigma_0_1 - 0.125*gamma_1*sigma_0_2 - 0.125*gamma_1*sigma_1_0 - 0.25*gamma_1*sigma_1_1 - 0.125*gamma_1*sigma_1_2 - 0.125*gamma_1*sigma_2_0 - 0.125*gamma_1*sigma_2_1 - 0.25*gamma_1*sigma_2_2 + 0.5*gamma_1*mu_0 + 0.5*gamma_1*mu_1 + 0.5*gamma_1*mu_2 - 6.0*gamma_1 - 0.25*gamma_2*sigma_0_0 - 0.125*gamma_2*sigma_0_1 - 0.125*gamma_2*sigma_0_2 - 0.125*gamma_2*sigma_1_0 - 0.25*gamma_2*sigma_1_1 - 0.125*gamma_2*sigma_1_2 - 0.125*gamma_2*sigma_2_0 - 0.125*gamma_2*sigma_2_1 - 0.25*gamma_2*sigma_2_2 + 0.5*gamma_2*mu_0 + 0.5*gamma_2*mu_1 + 0.5*gamma_2*mu_2 - 6.0*gamma_2);
h q[0];
h q[1];
h q[2];
rz((-0.5)*gamma_0*sigma_0_0 - 0.25*gamma_0*sigma_0_1 - 0.25*gamma_0*sigma_0_2 - 0.25*gamma_0*sigma_1_0 - 0.25*gamma_0*sigma_2_0 + gamma_0*mu_0 + 6.0*gamma_0) q[0];
rz((-0.25)*gamma_0*sigma_0_1 - 0.25*gamma_0*sigma_1_0 - 0.5*gamma_0*sigma_1_1 - 0.25*gamma_0*sigma_1_2 - 0.25*gamma_0*sigma_2_1 + gamma_0*mu_1 + 6.0*gamma_0) q[1];
rzz(0.25*gamma_0*sigma_0_1 + 0.25*gamma_0*sigma_1_0 + 2.0*gamma_0) q[0], q[1];
rz((-0.25)*gamma_0*sigma_0_2 - 0.25*gamma_0*sigma_1_2 - 0.25*gamma_0*sigma_2_0 - 0.25*gamma_0*sigma_2_1 - 0.5*gamma_0*sigma_2_2 + gamma_0*mu_2 + 6.0*gamma_0) q[2];
rzz(0.25*gamma_0*sigma_0_2 + 0.25*gamma_0*sigma_2_0 + 2.0*gamma_0) q[0], q[2];
rzz(0.25*gamma_0*sigma_1_2 + 0.25*gamma_0*sigma_2_1 + 2.0*gamma_0) q[1], q[2];
rx((-2.0)*beta_0) q[0];
rx((-2.0)*beta_0) q[1];
rx((-2.0)*beta_0) q[2];
rz((-0.5)*gamma_1*sigma_0_0 - 0.25*gamma_1*sigma_0_1 - 0.25*gamma_1*sigma_0_2 - 0.25*gamma_1*sigma_1_0 - 0.25*gamma_1*sigma_2_0 + gamma_1*mu_0 + 6.0*gamma_1) q[0];
rz((-0.25)*gamma_1*sigma_0_1 - 0.25*gamma_1*sigma_1_0 - 0.5*gamma_1*sigma_1_1 - 0.25*gamma_1*sigma_1_2 - 0.25*gamma_1*sigma_2_1 + gamma_1*mu_1 + 6.0*gamma_1) q[1];
rzz(0.25*gamma_1*sigma_0_1 + 0.25*gamma_1*sigma_1_0 + 2.0*gamma_1) q[0], q[1];
rz((-0.25)*gamma_1*sigma_0_2 - 0.25*gamma_1*sigma_1_2 - 0.25*gamma_1*sigma_2_0 - 0.25*gamma_1*sigma_2_1 - 0.5*gamma_1*sigma_2_2 + gamma_1*mu_2 + 6.0*gamma_1) q[2];
rzz(0.25*gamma_1*sigma_0_2 + 0.25*gamma_1*sigma_2_0 + 2.0*gamma_1) q[0], q[2];
rzz(0.25*gamma_1*sigma_1_2 + 0.25*gamma_1*sigma_2_1 + 2.0*gamma_1) q[1], q[2];
rx((-2.0)*beta_1) q[0];
rx((-2.0)*beta_1) q[1];
rx((-2.0)*beta_1) q[2];
rz((-0.5)*gamma_2*sigma_0_0 - 0.25*gamma_2*sigma_0_1 - 0.25*gamma_2*sigma_0_2 - 0.25*gamma_2*sigma_1_0 - 0.25*gamma_2*sigma_2_0 + gamma_2*mu_0 + 6.0*gamma_2) q[0];
rz((-0.25)*gamma_2*sigma_0_1 - 0.25*gamma_2*sigma_1_0 - 0.5*gamma_2*sigma_1_1 - 0.25*gamma_2*sigma_1_2 - 0.25*gamma_2*sigma_2_1 + gamma_2*mu_1 + 6.0*gamma_2) q[1];
rzz(0.25*gamma_2*sigma_0_1 + 0.25*gamma_2*sigma_1_0 + 2.0*gamma_2) q[0], q[1];
rz((-0.25)*gamma_2*sigma_0_2 - 0.25*gamma_2*sigma_1_2 - 0.25*gamma_2*sigma_2_0 - 0.25*gamma_2*sigma_2_1 - 0.5*gamma_2*sigma_2_2 + gamma_2*mu_2 + 6.0*gamma_2) q[2];
rzz(0.25*gamma_2*sigma_0_2 + 0.25*gamma_2*sigma_2_0 + 2.0*gamma_2) q[0], q[2];
rzz(0.25*gamma_2*sigma_1_2 + 0.25*gamma_2*sigma_2_1 + 2.0*gamma_2) q[1], q[2];
rx((-2.0)*beta_2) q[0];
rx((-2.0)*beta_2) q[1];
rx((-2.0)*beta_2) q[2];
