# file: enclave/join.c
# A member gives a joiner its state a row at a time.
# killed by: test_enclave_join
s/if (!\*last && bytes < SNAPSHOT_CHUNK_LEAST)/if (false)/
