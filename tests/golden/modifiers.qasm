OPENQASM 3.0;
// circuit phase_estimation
include "stdgates.inc";
input float[64] phi;
qubit[1] target;
qubit[2] counter;
x target[0];
h counter[0];
h counter[1];
cp(6.283185307179586*phi) counter[0], target[0];
cp(12.566370614359172*phi) counter[1], target[0];
swap counter[0], counter[1];
h counter[0];
cp(-pi/2) counter[0], counter[1];
h counter[1];
