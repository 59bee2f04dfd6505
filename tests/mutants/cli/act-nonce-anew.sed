# file: cli/act.c
# Every epoch gives an operation a new nonce.
# killed by: test_cli_client
/^static enum sr_error act_run/,/^}/s/^			SR_TRY(form_make(a));/			SR_TRY(nonce_fetch(a->c, a->key, \&a->nonce));\n&/
