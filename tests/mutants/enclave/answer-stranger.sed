# file: enclave/client_wire.c
# Who is no member may answer.
# killed by: test_enclave_client_wire
s/^	if (member >= n_keys)$/	if (member > n_keys)/
