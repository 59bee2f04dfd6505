# file: shamir/subshare.c
# Whoever deals pairs need not know what the boxes are made of.
# killed by: test_shamir_subshare
/^enum sr_error shamir_pair_boxes_verify/,/^}/s/return shamir_pok_verify(proof, &r, context, context_n);/(void)proof; return SR_OK;/
