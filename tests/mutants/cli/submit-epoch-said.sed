# file: cli/submit.c
# One member may say that the epoch is over.
# killed by: test_cli_client
s/error == SR_ERR_WRONG_EPOCH \&\& client_epoch_moved(c))/error == SR_ERR_WRONG_EPOCH)/
