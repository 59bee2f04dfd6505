# file: enclave/instance.c
# Who hears nobody says that ingress works.
# killed by: test_enclave_peers
s/heard >= consensus_quorum(i->record\.n);/heard >= 1;/
