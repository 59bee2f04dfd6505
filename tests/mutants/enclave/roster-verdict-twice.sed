# file: enclave/roster_verdict.c
# A member votes as often as it likes.
# killed by: test_enclave_roster
s/if (roster_votes_has(votes, member))/if (false)/
