# file: node/archive.c
# A file of large blocks grows on.
# killed by: test_node_archive
s/delta_bytes(self->open) >= ARCHIVE_FILE_BYTES;/false;/
