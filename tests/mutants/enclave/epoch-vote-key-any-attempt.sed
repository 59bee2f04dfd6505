# file: enclave/epoch_ops.c
# A vote key's proof is for every attempt.
# killed by: test_enclave_roster_change
/^static void vote_message/,/^}/s/attempt >> (8 \* i)/(attempt \& 0u) >> (8 * i)/
