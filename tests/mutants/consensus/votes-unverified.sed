# file: pool.c
# A vote whose signature is wrong counts.
s/return error;$/return SR_OK;/
