# file: consensus/wire.c
# One signer counts twice in a certificate.
# killed by: test_consensus_wire
s/if (i > 0 && c->signers\[i\].voter <= c->signers\[i - 1\].voter)/if (i > 0 \&\& c->signers[i].voter < c->signers[i - 1].voter)/
