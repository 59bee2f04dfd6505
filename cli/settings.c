#include "cli/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define LINES_MAX 64u

static const char *const names[] = { "genesis", "node", "key", "checkpoint" };
#define NAMES (sizeof names / sizeof names[0])

const char *settings_cluster(const struct cli *cli)
{
	const char *variable = getenv("STRONGROOM_CLUSTER");

	if (cli->cluster != NULL)
		return cli->cluster;
	return cli->node == NULL && variable != NULL && variable[0] != '\0' ? variable : NULL;
}

/* The file's is of the cluster that the file pins. */
const char *settings_checkpoint(const struct cli *cli)
{
	const char *variable = getenv("STRONGROOM_CHECKPOINT");

	if (cli->checkpoint != NULL)
		return cli->checkpoint;
	if (variable != NULL && variable[0] != '\0')
		return variable;
	return settings_cluster(cli) == NULL ? settings_value(cli, "checkpoint") : NULL;
}

enum sr_error settings_home(char out[CLI_PATH_MAX], const char *name)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (config != NULL && config[0] == '/')
		n = snprintf(out, CLI_PATH_MAX, "%s/strongroom/%s", config, name);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, CLI_PATH_MAX, "%s/.config/strongroom/%s", home, name);
	else
		return SR_ERR_NOT_FOUND;
	return n > 0 && (size_t)n < CLI_PATH_MAX ? SR_OK : SR_ERR_TOO_LONG;
}

const char *settings_value(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0 && cli->settings[i][0] != '\0')
			return cli->settings[i];
	return NULL;
}

/* "name: value", a comment, or nothing. SR_OK, or what is wrong with the line. */
static enum sr_error line_take(struct cli *cli, char *line)
{
	char *value, *end = line + strlen(line);

	while (end > line && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return SR_OK;
	value = strchr(line, ':');
	if (value == NULL)
		return SR_ERR_BAD_SYNTAX;
	*value++ = '\0';
	value += strspn(value, " \t");
	size_t n = strlen(value);
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value[n - 1] = '\0';
		value++;
	}
	for (size_t i = 0; i < NAMES; i++) {
		if (strcmp(names[i], line) != 0)
			continue;
		if (cli->settings[i][0] != '\0')
			return SR_ERR_DUPLICATE;
		if (value[0] == '\0')
			return SR_ERR_EMPTY;
		if (strlen(value) >= sizeof cli->settings[i])
			return SR_ERR_TOO_LONG;
		memcpy(cli->settings[i], value, strlen(value) + 1);
		return SR_OK;
	}
	return SR_ERR_BAD_KIND;
}

enum cli_exit settings_load(struct cli *cli)
{
	char path[CLI_PATH_MAX], line[CLI_PATH_MAX];
	unsigned number = 0;
	enum sr_error error = SR_OK;
	FILE *f;

	if (settings_home(path, "config.yaml") != SR_OK)
		return CLI_DONE;
	f = fopen(path, "re");
	if (f == NULL)
		return errno == ENOENT || errno == ENOTDIR ? CLI_DONE :
		    cli_fail(cli, SR_ERR_IO, "reading %s", path);
	while (error == SR_OK && fgets(line, sizeof line, f) != NULL) {
		if (++number > LINES_MAX)
			error = SR_ERR_TOO_LONG;
		else
			error = line_take(cli, line);
	}
	fclose(f);
	if (error != SR_OK)
		return cli_usage(
		    cli, error, "%s, line %u (known: genesis, node, key, checkpoint)", path,
		    number);
	return CLI_DONE;
}

enum cli_exit settings_genesis(struct cli *cli, char out[CLI_PATH_MAX])
{
	const char *cluster = settings_cluster(cli), *pinned = settings_value(cli, "genesis");
	int n;

	if (cluster != NULL)
		n = snprintf(out, CLI_PATH_MAX, "%s/genesis", cluster);
	else if (pinned != NULL)
		n = snprintf(out, CLI_PATH_MAX, "%s", pinned);
	else
		return cli_usage(cli, SR_ERR_USAGE,
		    "which cluster? give --cluster DIR, set STRONGROOM_CLUSTER, or pin 'genesis: "
		    "FILE' in "
		    "~/.config/strongroom/config.yaml");
	if (n <= 0 || (size_t)n >= CLI_PATH_MAX)
		return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the genesis file");
	return CLI_DONE;
}

enum sr_error settings_trail(
    const struct cli *cli, char out[CLI_PATH_MAX], const struct sr_hash32 *chain_id)
{
	const char *cluster = settings_cluster(cli);
	char name[8 + 16 + 1] = "trail-";

	if (cluster != NULL)
		return snprintf(out, CLI_PATH_MAX, "%s/trail", cluster) < (int)CLI_PATH_MAX
		    ? SR_OK
		    : SR_ERR_TOO_LONG;
	sr_hex_encode(name + strlen(name), chain_id->b, 8);
	return settings_home(out, name);
}
