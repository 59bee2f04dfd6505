# file: enclave/shell_channel.c
# The peer's certificate is not looked at.
# killed by: test_shell_channel
s/return err == SR_OK ? 0 : GNUTLS_E_CERTIFICATE_ERROR;/(void)err; return 0;/
