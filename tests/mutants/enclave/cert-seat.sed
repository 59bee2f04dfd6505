# file: enclave/shell_cert.c
# a certificate for another seat is taken
# killed by: test_shell_channel
/^static enum sr_error binding_check/,/^}/s/named != seat || memcmp(b + AT_ID, id_key.b, 32) != 0/named > SR_MEMBERS_MAX/
