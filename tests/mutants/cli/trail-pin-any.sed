# file: cli/trail.c
# A trail need not pass the pinned point.
# killed by: test_cli_client
/^static enum sr_error pin_check/,/^}/s/if (!sr_hash32_equal(&root, &self->pin.hash)/if (false \&\& !sr_hash32_equal(\&root, \&self->pin.hash)/
