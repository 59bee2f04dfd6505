# file: enclave/clients.c
# A client may send a member's operation.
# killed by: test_enclave_peers
s/^	    !epoch_kind_is_open((unsigned)op.kind))$/	    false)/
