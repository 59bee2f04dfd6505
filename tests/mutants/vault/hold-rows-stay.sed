# file: vault/hold.c
# A version that goes leaves its round behind.
# killed by: test_enclave_hold
/^enum sr_error vault_hold_end/,/^}/s/	SR_TRY(round_clear(tx, id, version, &h));//
