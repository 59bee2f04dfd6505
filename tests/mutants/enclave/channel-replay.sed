# file: enclave/shell_channel.c
# A frame may be delivered twice.
# killed by: test_shell_channel
s/return session_fresh(s, sequence) ? SR_OK : SR_ERR_REPLAYED;/(void)session_fresh(s, sequence); return SR_OK;/
