# file: base/buf.c
# A writer may write more than its limit.
# killed by: test_base_buf
s/if (n > self->max - self->n) {/if (n > self->max - self->n + 1) {/
