# file: vault/op_dealt.c
# A holder may have two shares.
# killed by: test_vault_dealt
s/d->holders\[i\].seat <= d->holders\[i - 1\].seat/false/
