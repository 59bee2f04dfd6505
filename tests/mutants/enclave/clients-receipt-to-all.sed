# file: enclave/clients.c
# A receipt goes to whoever waits, whatever for.
# killed by: test_enclave_peers
/^void clients_receipt/,/^}/s/if (!sr_hash32_equal(&c->subject, op))/if (false)/
