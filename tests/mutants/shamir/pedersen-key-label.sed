# file: shamir/pedersen.c
# The key of a dealt secret is the same under every label.
# killed by: test_shamir_pedersen
s/return sr_key_derive(out, &from, key_label, label, label_n);/return sr_key_derive(out, \&from, key_label, label, label_n * 0);/
