# file: cli/act.c
# One member may name a nonce that is too high.
# killed by: test_cli_client
s/\*nonce = s.said\[client_faults(c)\];/*nonce = s.said[0];/
