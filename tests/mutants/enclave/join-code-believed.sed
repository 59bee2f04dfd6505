# file: enclave/join.c
# What a member lacks ends the joiner.
# killed by: test_enclave_join
s/return SR_ERR_NOT_FOUND; \/\* whatever.*/return (enum sr_error)code;/
