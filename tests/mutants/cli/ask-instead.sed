# file: cli/ask.c
# Nobody is asked instead of a member that gives nothing.
# killed by: test_cli_ask
s/		let_one_go(a);/		(void)let_one_go;/
