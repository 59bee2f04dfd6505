# file: consensus/pool.c
# A certificate is believed unseen.
# killed by: test_consensus_rules
s/if (!trusted && (wanted || check_anyway))/if (!trusted \&\& check_anyway)/
