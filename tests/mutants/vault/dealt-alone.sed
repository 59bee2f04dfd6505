# file: vault/op_dealt.c
# One holder alone may have a secret.
# killed by: test_vault_dealt
s/d->threshold < VAULT_HOLDERS_MIN_T || //
