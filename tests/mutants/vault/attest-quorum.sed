# file: vault/attest.c
# One verdict fewer than a quorum makes the record.
# killed by: test_vault_attest
s/if (votes.equal < quorum)/if (votes.equal + 1 < quorum)/
