# file: vault/dealt.c
# An owner may deal as if the holders had.
# killed by: test_vault_dealt
s/return d->generation == 0 \&\& /return /
