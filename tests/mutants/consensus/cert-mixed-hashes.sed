# file: consensus/pool.c
# Votes for different blocks make one certificate.
# killed by: test_consensus_rules
s/return (b->have & BIT(kind)) && sr_hash32_equal(&b->hash\[kind - 1\], hash);/(void)hash; return (b->have \& BIT(kind)) != 0;/
