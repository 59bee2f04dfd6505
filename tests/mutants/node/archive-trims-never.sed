# file: node/archive.c
# Old blocks stay for ever.
# killed by: test_node_archive
s/while (self->files > 1 \&\& /while (false \&\& /
