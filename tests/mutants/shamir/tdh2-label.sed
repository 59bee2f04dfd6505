# file: shamir/tdh2.c
# A ciphertext is not bound to its label.
# killed by: test_shamir_tdh2
/^static void challenge/,/^}/s/{ label, label_n }/{ label, 0 }/
