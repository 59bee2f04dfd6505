# file: cli/act.c
# A used nonce counts as used by something else.
# killed by: test_cli_client
s/i < a->forms_n \&\& !\*done/i < 0u/
