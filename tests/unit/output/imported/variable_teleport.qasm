OPENQASM 3;
include "stdgates.inc";
const int[32] n_pairs = 3;
def bellprep(qubit[2] q) { reset q; h q[0]; cx q[0], q[1]; }
def xprepare(qubit q) { reset q; h q; }
def readout(qubit q, angle t) -> bit { rz(t) q; h q; return measure q; }
qubit input_qubit;
qubit[2*n_pairs] q;
bit c0;
bit output_qubit;
xprepare(input_qubit);
rz(pi / 4) input_qubit;
let io = input_qubit;
for uint i in [0: n_pairs - 1] {
  let bp = q[2*i:2*i + 1];
  bit pf;
  bellprep(bp);
  cx input_qubit, bp[0];
  h input_qubit;
  pf = measure bp[0];
  if (pf == 1) z bp[1];
  c0 = measure input_qubit;
  if (c0==1) { x bp[1]; } else { id bp[1]; }
  reset input_qubit;
  swap input_qubit, bp[1];
}
output_qubit = readout(input_qubit, pi/8);
