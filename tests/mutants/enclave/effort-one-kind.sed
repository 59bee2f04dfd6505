# file: enclave/peers.c
# A member that shares secrets again has no time left for a change.
# killed by: test_enclave_peers
/^static bool effort_left/,/^}/s/hold_effort\[from\]/step_effort[from]/
