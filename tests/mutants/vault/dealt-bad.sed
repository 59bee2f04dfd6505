# file: vault/dealt.c
# An owner may call a holder bad from the beginning.
# killed by: test_vault_dealt
s/ \&\& vault_dealt_good(d) == d->holders_n ? SR_OK/ ? SR_OK/
