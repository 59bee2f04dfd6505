# file: cli/act.c
# A share is taken without its proof.
# killed by: test_cli_ask
/^	SR_TRY(shamir_tdh2_share_verify(/,/;/c\	(void)shamir_tdh2_share_verify;
