# file: consensus/wire.c
# One signature too few makes a certificate.
# killed by: test_consensus_rules
s|return (n + consensus_faults(n)) / 2 + 1;|return (n + consensus_faults(n)) / 2;|
