# file: wire.c
# One signature too few makes a certificate.
s|return (n + consensus_faults(n)) / 2 + 1;|return (n + consensus_faults(n)) / 2;|
