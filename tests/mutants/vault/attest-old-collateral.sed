# file: vault/attest.c
# Older collateral replaces what newer says.
# killed by: test_vault_attest
s/newer_collateral(&now, a))/newer_collateral(\&now, \&now))/
