# file: vault/dealt.c
# One dealing may serve for two payloads.
# killed by: test_vault_dealt
s/memcmp(x.commitments\[0\], y.commitments\[0\], sizeof x.commitments\[0\]) == 0;/false;/
