# file: enclave/peers.c
# What one member takes of the time is taken from another.
# killed by: test_enclave_peers
/^static bool effort_left/,/^}/s/\[from\]/[0]/
