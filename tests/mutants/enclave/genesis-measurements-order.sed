# file: enclave/genesis.c
# Measurements are put where they do not belong.
# killed by: test_enclave_genesis
s/while (at < p->measurements_n && software_compare(&p->measurements\[at\], m) < 0)/while (at < p->measurements_n)/
