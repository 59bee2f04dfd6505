# file: pool.c
# A certificate is believed unseen.
s/if (!trusted && (wanted || check_anyway))/if (!trusted \&\& check_anyway)/
