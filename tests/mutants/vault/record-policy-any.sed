# file: vault/record.c
# The policy of a record need not be one.
# killed by: test_vault_record
s/error = r->error == SR_OK && v->policy.n > 0 ? vault_policy_decode(&policy, v->policy)/(void)policy; error = false ? SR_OK/
