# file: shamir/subshare.c
# A complaint about a good share finds the dealer guilty.
# killed by: test_shamir_subshare
s/\*dealer_at_fault = error == SR_ERR_DEALING_BAD;/*dealer_at_fault = true;/
