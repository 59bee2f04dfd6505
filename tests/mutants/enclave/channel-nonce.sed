# file: enclave/shell_channel.c
# a certificate that was replaced is taken again
# killed by: test_shell_channel
s/return i == self->n ? SR_OK : SR_ERR_REPLAYED;/return SR_OK;/
