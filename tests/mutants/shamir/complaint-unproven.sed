# file: shamir/subshare.c
# A complaint need not prove its point.
# killed by: test_shamir_subshare
s/if (shamir_dleq_verify(&complaint->proof, /if (false \&\& shamir_dleq_verify(\&complaint->proof, /
