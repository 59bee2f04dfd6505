# file: shamir/tdh2.c
# A share is made for a ciphertext that is not valid.
# killed by: test_shamir_tdh2
/^enum sr_error shamir_tdh2_share_make/,/^}/s/SR_TRY(shamir_tdh2_check(ct, label, label_n));//
