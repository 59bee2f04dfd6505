# file: consensus/evidence.c
# One proposal twice is evidence.
# killed by: test_consensus_evidence
s/if (h\[0\].slot != h\[1\].slot || sr_hash32_equal(&hash\[0\], &hash\[1\]))/if (h[0].slot != h[1].slot)/
