# file: vault/attest.c
# What has ended keeps what is valid from speaking.
# killed by: test_vault_attest
s/ && valid_at(&now, tx->block->time_ms, 0) && newer/ \&\& newer/
