/* strongroom: the command line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/json.h"
#include "cli/settings.h"

#ifndef SR_VERSION
#define SR_VERSION "0.1.0"
#endif
#define TIMEOUT_MS 30000u

/* Keys and plaintexts pass through here: no core file, nobody's debugger. */
static void shut(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
}

static enum cli_exit run(struct cli *cli, int argc, char **argv)
{
	enum sr_error error;
	enum cli_exit rc = cli_parse(cli, argc, argv);

	if (rc != CLI_DONE)
		return rc;
	if (cli->help) {
		cli->json = false;
		cli_help(cli);
		return CLI_DONE;
	}
	error = sr_crypto_init();
	if (error != SR_OK)
		return cli_fail(cli, error, "starting");
	rc = settings_load(cli);
	return rc == CLI_DONE ? cli->command->run(cli) : rc;
}

int main(int argc, char **argv)
{
	struct cli *cli = calloc(1, sizeof *cli);
	enum cli_exit rc;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("strongroom " SR_VERSION);
		free(cli);
		return CLI_DONE;
	}
	if (cli == NULL || cli_json_open(cli) != SR_OK) {
		fprintf(stderr, "strongroom: out of memory\n");
		return CLI_REFUSED;
	}
	shut();
	cli->program = argv[0];
	cli->timeout_ms = TIMEOUT_MS;
	cli->started_ms = cli_monotonic_ms();
	rc = run(cli, argc, argv);
	cli_json_close(cli);
	free(cli);
	/* A full disk behind a redirection must not look like success. */
	if (fflush(stdout) != 0 && rc == CLI_DONE) {
		fprintf(stderr, "strongroom: writing to standard output failed\n");
		return CLI_REFUSED;
	}
	return (int)rc;
}
