# file: node/log.c
# What a crash left of a batch counts in a log that may lose records.
# killed by: test_disk_archive
s/if (err != SR_ERR_DAMAGED || !self->kind->lossy) {/if (!self->kind->lossy) {/
