# file: node/archive.c
# All blocks go into one file.
# killed by: test_node_archive
s/return self->open->index.rows >= self->file_rows ||/return (false \&\& self->file_rows > 0) ||/
