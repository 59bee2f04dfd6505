# file: enclave/snapshot.c
# Rows go out as fast as they are asked for.
# killed by: test_enclave_join
s/return self->served_bytes < SNAPSHOT_BYTES_A_SECOND;/return true;/
