# file: vault/hold.c
# One holder may deal twice.
# killed by: test_enclave_hold
s/^	    has_dealt(&now, k->seat) || /	    /
