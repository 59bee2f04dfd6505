# file: enclave/instance.c
# Who has no room for heartbeats says that ingress works.
# killed by: test_enclave_peers
s/return !core->disk_full && !pool_crowded(core->pool) &&/return !core->disk_full \&\&/
