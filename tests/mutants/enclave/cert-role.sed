# file: enclave/shell_cert.c
# a certificate for another role is taken
# killed by: test_shell_channel
/^static enum sr_error binding_check/,/^}/s/memcmp(b, ROLE, AT_CHAIN) != 0/false/
