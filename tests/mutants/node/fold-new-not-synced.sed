# file: node/table.c
# The new base takes its place before it is on the disk.
# killed by: test_disk_store
s/^	    fsync(self->fd) != 0)$/	    false)/
s/ || io_failed() || fsync(self->fd) != 0)$/ || io_failed())/
