# file: enclave/shell_cert.c
# evidence for another TLS key is taken
# killed by: test_shell_channel
s/memcmp(b + AT_SPKI, spki->b, 32) != 0/memcmp(b + AT_SPKI, spki->b, 32) == 77777/
