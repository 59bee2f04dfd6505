# file: consensus/propose.c
# An author says so with f members.
# killed by: test_consensus_rules
s/consensus_cert_ingress(cert) > self->faults)/consensus_cert_ingress(cert) >= self->faults)/
