# file: vault/attest.c
# Who is no member votes.
# killed by: test_vault_attest
s/if (member >= n || n > SR_MEMBERS_MAX)/if (n > SR_MEMBERS_MAX)/
