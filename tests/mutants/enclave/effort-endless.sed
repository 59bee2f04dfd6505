# file: enclave/peers.c
# A member may have others compute without end.
# killed by: test_enclave_peers
/^static bool effort_take/,/^}/s/return false;/return true;/
