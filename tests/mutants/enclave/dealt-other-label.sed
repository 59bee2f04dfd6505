# file: enclave/dealt.c
# A dealing may be copied to another secret.
# killed by: test_enclave_hold
/^enum sr_error dealt_check/,/^}/s/vault_dealt_context(context, label, 0,/vault_dealt_context(context, \&(struct sr_hash32){ { 1 } }, 0,/
