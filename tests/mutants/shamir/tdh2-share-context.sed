# file: shamir/tdh2.c
# A share of another ciphertext counts.
# killed by: test_shamir_tdh2
/^static struct sr_hash32 share_context/,/^}/s/{ ct->r.b, 32 }, { ct->r2.b, 32 }, { ct->e.b, 32 }, { ct->z.b, 32 },/{ ct->r.b, 0 }, { ct->r2.b, 0 }, { ct->e.b, 0 }, { ct->z.b, 0 },/
/^static struct sr_hash32 share_context/,/^}/s/{ label, label_n },/{ label, 0 },/
