# file: cli/ask.c
# An older state proves that something is absent from a newer one.
# killed by: test_cli_client
s/ || header.height < p->least)/)/
