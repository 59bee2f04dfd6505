# file: base/buf.c
# A reader may read one byte behind its end.
# killed by: test_base_buf
s/if (self->error != SR_OK || n > self->left) {/if (self->error != SR_OK || n > self->left + 1) {/
