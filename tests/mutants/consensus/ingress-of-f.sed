# file: consensus/message.c
# f members are enough to say that ingress works.
# killed by: test_consensus_rules
s/if (ingress && consensus_cert_ingress(&c) <= self->faults)/if (ingress \&\& consensus_cert_ingress(\&c) < self->faults)/
