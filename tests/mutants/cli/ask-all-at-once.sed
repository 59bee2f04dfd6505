# file: cli/ask.c
# All members are asked at once where a few would do.
# killed by: test_cli_ask
s/		    count < few ? 0 : self->genesis->slot_ms + CLIENT_PATIENCE_MS;/		    0;/
