# file: vault/policy.c
# Bytes after the policy are ignored.
# killed by: test_vault_policy
/^enum sr_error vault_policy_decode/,/^}/s/return sr_reader_finish(&r);/return r.error;/
