# file: consensus/recover.c
# A rolled-back node abstains one slot too few.
# killed by: test_consensus_recover
s/uint64_t floor = certified_end(self) + 2;/uint64_t floor = certified_end(self) + 1;/
