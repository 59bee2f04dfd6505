# file: base/buf.c
# A blob may be longer than its limit.
# killed by: test_base_buf
/^struct sr_bytes sr_read_blob/,/^}/s/if (n > max) {/if (n > max + 1) {/
