# file: shamir/subshare.c
# A dealer need not know what its boxes are made of.
# killed by: test_shamir_subshare
/^enum sr_error shamir_boxes_verify/,/^}/s/return shamir_pok_verify(proof, &r, context, context_n);/(void)proof; return SR_OK;/
