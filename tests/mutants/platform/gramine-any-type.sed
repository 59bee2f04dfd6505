# file: platform/gramine.c
# Any kind of attestation that begins like dcap will do.
# killed by: test_platform_gramine
s/ \&\& (type\.n == 4 || type\.p\[4\] <= ' ')//
