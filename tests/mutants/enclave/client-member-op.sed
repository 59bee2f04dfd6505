# file: enclave/clients.c
# A client may send a member's operation.
# killed by: test_enclave_peers
s/if (error == SR_OK && (unsigned)op.kind >= VAULT_OP_MEMBER_FIRST)/if (false)/
