/* The command line: options may stand anywhere, "--" ends them, nothing is abbreviated. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/keyfile.h"

const struct cli_option cli_global_options[] = {
	{ "cluster", "DIR", "the cluster's directory (or STRONGROOM_CLUSTER)", false },
	{ "node", "URL", "ask this member first (genesis from the configuration file)", false },
	{ "key", "NAME|FILE", "the key that acts (default: default)", false },
	{ "checkpoint", "EPOCH:HEX", "a point the epoch trail must pass (strongroom checkpoint)",
	    false },
	{ "timeout", "SECONDS", "give up after this long (default: 30)", false },
	{ "json", NULL, "print one JSON object", false },
	{ "help", NULL, "print help for the command", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command *const cli_groups[] = {
	cli_commands_cluster, cli_commands_node, cli_commands_policy, cli_commands_status,
	cli_commands_checkpoint, cli_commands_genesis, cli_commands_key, cli_commands_nft,
	cli_commands_secret, cli_commands_switch, cli_commands_audit, cli_commands_block,
	cli_commands_proof, cli_commands_split, cli_commands_attest, cli_commands_tpm,
	cli_commands_completion, NULL,
};

/* --- looking things up --- */

const char *cli_value_at(const struct cli *self, const char *name, unsigned i)
{
	for (unsigned k = 0; k < self->given_n; k++)
		if (strcmp(self->given[k].name, name) == 0 && i-- == 0)
			return self->given[k].value;
	return NULL;
}

const char *cli_value(const struct cli *self, const char *name)
{
	return cli_value_at(self, name, 0);
}

bool cli_has(const struct cli *self, const char *name)
{
	return cli_value(self, name) != NULL;
}

static const struct cli_option *option_in(
    const struct cli_option *table, const char *name, size_t n)
{
	for (; table != NULL && table->name != NULL; table++)
		if (strlen(table->name) == n && memcmp(table->name, name, n) == 0)
			return table;
	return NULL;
}

static const struct cli_command *group_find(const char *group)
{
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++)
			if (strcmp(c->group, group) == 0)
				return c;
	return NULL;
}

static const struct cli_command *command_find(const char *group, const char *name)
{
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++)
			if (strcmp(c->group, group) == 0 && strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

/* A group that is a command by itself: no second word belongs to it. */
static bool alone(const struct cli_command *c)
{
	return c != NULL && c->name[0] == '\0' &&
	    (c[1].group == NULL || strcmp(c[1].group, c->group) != 0);
}

/* --- help --- */

static void help_options(const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value != NULL ? " " : "",
		    o->value != NULL ? o->value : "");
		printf("  %-26s %s%s\n", left, o->help, o->repeats ? " (may be repeated)" : "");
	}
}

static void help_synopsis(const struct cli_command *c)
{
	printf("strongroom %s%s%s%s%s", c->group, c->name[0] != '\0' ? " " : "", c->name,
	    c->args[0] != '\0' ? " " : "", c->args);
}

static void help_command(const struct cli_command *c)
{
	printf("usage: ");
	help_synopsis(c);
	printf(" [options]\n\n%s\n", c->about);
	if (c->more != NULL)
		printf("\n%s", c->more);
	if (c->options != NULL) {
		printf("\noptions:\n");
		help_options(c->options);
	}
	printf("\neverywhere:\n");
	help_options(cli_global_options);
}

static void help_group(const struct cli_command *first)
{
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++)
			if (strcmp(c->group, first->group) == 0) {
				printf("  ");
				help_synopsis(c);
				printf("\n      %s\n", c->about);
			}
}

void cli_help(const struct cli *self)
{
	const struct cli_command *c = self->command;

	if (c != NULL && (self->exact || alone(c))) {
		help_command(c);
		return;
	}
	if (c != NULL) {
		help_group(c);
		return;
	}
	printf("strongroom - keep secrets with a cluster of validateers; no one of them can read "
	       "them\n\n"
	       "usage: strongroom COMMAND [arguments] [options]\n\n");
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (c = cli_groups[g]; c->group != NULL; c++) {
			char left[40];

			snprintf(left, sizeof left, "%s %s", c->group, c->name);
			printf("  %-20s %s\n", left, c->about);
		}
	printf("\neverywhere:\n");
	help_options(cli_global_options);
	printf(
	    "\n'strongroom COMMAND --help' says more; so does strongroom(1).\n"
	    "exit status: 0 done, 1 refused, 2 wrong usage, 3 cluster not reached or timed out\n");
}

/* --- parsing --- */

static enum cli_exit global_set(struct cli *self, const char *name, const char *value)
{
	uint64_t seconds;

	if (strcmp(name, "json") == 0)
		self->json = true;
	else if (strcmp(name, "help") == 0)
		self->help = true;
	else if (strcmp(name, "cluster") == 0)
		self->cluster = value;
	else if (strcmp(name, "node") == 0)
		self->node = value;
	else if (strcmp(name, "key") == 0)
		self->key = value;
	else if (strcmp(name, "checkpoint") == 0)
		self->checkpoint = value;
	else if (!cli_number(self, &seconds, "--timeout", value, 1, 86400))
		return CLI_USAGE;
	else
		self->timeout_ms = seconds * 1000;
	return CLI_DONE;
}

/* One "--name", "--name value" or "--name=value"; *at moves past what it took. */
static enum cli_exit option_take(struct cli *self, int argc, char **argv, int *at)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t name_n = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *o = option_in(cli_global_options, name, name_n);
	bool global = o != NULL;
	const char *value = "";

	if (o == NULL && self->command != NULL)
		o = option_in(self->command->options, name, name_n);
	if (o == NULL)
		return cli_usage(
		    self, SR_ERR_USAGE, "there is no option --%.*s here", (int)name_n, name);
	if (o->value == NULL && equals != NULL)
		return cli_usage(self, SR_ERR_USAGE, "--%s takes no value", o->name);
	if (o->value != NULL) {
		if (equals == NULL && *at + 1 >= argc)
			return cli_usage(
			    self, SR_ERR_USAGE, "--%s needs a value: %s", o->name, o->value);
		value = equals != NULL ? equals + 1 : argv[++*at];
		if (value[0] == '\0')
			return cli_usage(self, SR_ERR_EMPTY, "--%s is empty", o->name);
	}
	if (!o->repeats && cli_has(self, o->name))
		return cli_usage(self, SR_ERR_DUPLICATE, "--%s is given twice", o->name);
	if (self->given_n == CLI_OPTIONS_MAX)
		return cli_usage(self, SR_ERR_TOO_MANY, "more than %u options", CLI_OPTIONS_MAX);
	self->given[self->given_n].name = o->name;
	self->given[self->given_n++].value = value;
	return global ? global_set(self, o->name, value) : CLI_DONE;
}

/* The command's own options are known only once the command is: find it first. */
static enum cli_exit command_take(struct cli *self, int argc, char **argv, bool *used)
{
	const char *word[2] = { NULL, NULL };
	int at[2] = { 0, 0 };
	unsigned n = 0;

	for (int i = 1; i < argc && n < 2; i++) {
		const struct cli_option *o;

		if (strcmp(argv[i], "--") == 0)
			break;
		if (strncmp(argv[i], "--", 2) == 0) {
			o = option_in(cli_global_options, argv[i] + 2, strlen(argv[i] + 2));
			if (o != NULL && o->value != NULL)
				i++;
			continue;
		}
		word[n] = argv[i];
		at[n++] = i;
		if (n == 1 && alone(command_find(word[0], "")))
			break;
	}
	if (n == 0)
		return CLI_DONE;
	self->command = group_find(word[0]);
	if (self->command == NULL)
		return cli_usage(
		    self, SR_ERR_USAGE, "there is no command '%s'; see strongroom --help", word[0]);
	used[at[0]] = true;
	const struct cli_command *c = n == 2 ? command_find(word[0], word[1]) : NULL;
	if (c != NULL && c->name[0] != '\0') {
		used[at[1]] = true;
		self->command = c;
		self->exact = true;
		return CLI_DONE;
	}
	c = command_find(word[0], "");
	if (c == NULL && n == 2)
		return cli_usage(self, SR_ERR_USAGE,
		    "there is no command '%s %s'; see strongroom %s --help", word[0], word[1],
		    word[0]);
	self->command = c;
	return CLI_DONE;
}

static enum cli_exit args_check(struct cli *self, const char *group)
{
	const struct cli_command *c = self->command;

	if (c == NULL)
		return cli_usage(self, SR_ERR_USAGE,
		    "%s needs a command after it; see strongroom %s --help", group, group);
	if (self->args_n < c->args_min)
		return cli_usage(self, SR_ERR_USAGE, "too few arguments: strongroom %s%s%s %s",
		    c->group, c->name[0] != '\0' ? " " : "", c->name, c->args);
	if (self->args_n > c->args_max)
		return cli_usage(self, SR_ERR_USAGE, "one argument too many: '%s'",
		    self->args[c->args_max]);
	return CLI_DONE;
}

enum cli_exit cli_parse(struct cli *self, int argc, char **argv)
{
	bool *used = calloc((size_t)argc + 1, sizeof *used);
	bool options = true;
	enum cli_exit rc;
	const char *group = NULL;

	if (used == NULL)
		return cli_fail(self, SR_ERR_NO_MEMORY, "reading the command line");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			self->json = true;       /* also for a mistake that comes before it */
	rc = command_take(self, argc, argv, used);
	for (int i = 1; rc == CLI_DONE && i < argc; i++) {
		if (used[i])
			group = group == NULL ? argv[i] : group;
		else if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
			static char output[] = "--output";
			char *pair[2] = { output, argv[++i] };
			int zero = 0;

			rc = option_take(self, 2, pair, &zero);
		} else if (options && strncmp(argv[i], "--", 2) == 0)
			rc = option_take(self, argc, argv, &i);
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			rc = cli_usage(self, SR_ERR_USAGE, "there is no option %s", argv[i]);
		else if (self->args_n == CLI_ARGS_MAX)
			rc = cli_usage(
			    self, SR_ERR_TOO_MANY, "more than %u arguments", CLI_ARGS_MAX);
		else
			self->args[self->args_n++] = argv[i];
	}
	free(used);
	if (rc != CLI_DONE || self->help)
		return self->help && group != NULL && self->command == NULL &&
		    (self->command = group_find(group)) != NULL ? CLI_DONE : rc;
	if (group == NULL)
		return cli_usage(self, SR_ERR_USAGE, "a command is needed; see strongroom --help");
	return args_check(self, group);
}

/* --- values --- */

enum sr_error cli_parse_number(uint64_t *out, const char *text, uint64_t least, uint64_t most)
{
	uint64_t v = 0;

	if (text[0] == '\0')
		return SR_ERR_EMPTY;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return SR_ERR_BAD_SYNTAX;
		if (v > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
			return SR_ERR_OUT_OF_RANGE;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (v < least || v > most)
		return SR_ERR_OUT_OF_RANGE;
	*out = v;
	return SR_OK;
}

bool cli_number(struct cli *self, uint64_t *out, const char *what, const char *text, uint64_t least,
    uint64_t most)
{
	enum sr_error error = cli_parse_number(out, text, least, most);

	if (error == SR_OK)
		return true;
	if (error == SR_ERR_OUT_OF_RANGE && most != UINT64_MAX)
		cli_usage(self, error, "%s must be %llu to %llu, not '%s'", what,
		    (unsigned long long)least, (unsigned long long)most, text);
	else
		cli_usage(self, error, "%s must be a number, not '%s'", what, text);
	return false;
}

bool cli_option_number(struct cli *self, uint64_t *out, const char *name, uint64_t least,
    uint64_t most)
{
	const char *text = cli_value(self, name);
	char what[64];

	if (text == NULL)
		return true;
	snprintf(what, sizeof what, "--%s", name);
	return cli_number(self, out, what, text, least, most);
}

static uint64_t unit_ms(const char *unit, size_t n)
{
	static const struct { const char *name; uint64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == n && memcmp(units[i].name, unit, n) == 0)
			return units[i].ms;
	return 0;
}

/* One or more number-unit pairs: 90s, 1h30m. */
enum sr_error cli_parse_duration(uint64_t *out_ms, const char *text)
{
	uint64_t total = 0;

	if (text[0] == '\0')
		return SR_ERR_EMPTY;
	while (*text != '\0') {
		size_t digits = strspn(text, "0123456789");
		size_t letters = strspn(text + digits, "abcdefghijklmnopqrstuvwxyz");
		uint64_t unit = unit_ms(text + digits, letters), v;
		char number[24];

		if (digits == 0 || unit == 0)
			return SR_ERR_BAD_SYNTAX;
		if (digits >= sizeof number)
			return SR_ERR_OUT_OF_RANGE;
		memcpy(number, text, digits);
		number[digits] = '\0';
		SR_TRY(cli_parse_number(&v, number, 0, VAULT_SPAN_MAX_MS / unit));
		total += v * unit;
		if (total > VAULT_SPAN_MAX_MS)
			return SR_ERR_OUT_OF_RANGE;
		text += digits + letters;
	}
	*out_ms = total;
	return SR_OK;
}

bool cli_duration(struct cli *self, uint64_t *out_ms, const char *what, const char *text)
{
	enum sr_error error = cli_parse_duration(out_ms, text);

	if (error != SR_OK)
		cli_usage(self, error, "%s is a time like 30d, 12h, 15m, 90s or 500ms, not '%s'",
		    what, text);
	return error == SR_OK;
}

/* Days since 1970-01-01 of a civil date (H. Hinnant, days_from_civil), years 1970 to 9999. */
static uint64_t days_of(unsigned y, unsigned m, unsigned d)
{
	unsigned yy = m <= 2 ? y - 1 : y, era = yy / 400, yoe = yy - era * 400;
	unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (uint64_t)era * 146097 + doe - 719468;
}

static bool field(const char **p, unsigned digits, char end, unsigned least, unsigned most,
    unsigned *out)
{
	unsigned v = 0;

	for (unsigned i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (unsigned)(**p - '0');
	}
	if (**p != end || v < least || v > most)
		return false;
	if (end != '\0')
		(*p)++;
	*out = v;
	return true;
}

enum sr_error cli_parse_time(uint64_t *out_ms, const char *text, uint64_t now_ms)
{
	static const unsigned month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *p = text;
	unsigned y, mo, d, h = 0, mi = 0, s = 0;
	bool with_time = strchr(text, 'T') != NULL, leap;
	uint64_t span;

	if (text[0] == '+') {
		SR_TRY(cli_parse_duration(&span, text + 1));
		*out_ms = now_ms + span;
		return SR_OK;
	}
	if (strchr(text, '-') == NULL)
		return cli_parse_number(out_ms, text, 0, 253402300799999u);
	if (!field(&p, 4, '-', 1970, 9999, &y) || !field(&p, 2, '-', 1, 12, &mo) ||
	    !field(&p, 2, with_time ? 'T' : '\0', 1, 31, &d))
		return SR_ERR_BAD_SYNTAX;
	if (with_time && (!field(&p, 2, ':', 0, 23, &h) || !field(&p, 2, ':', 0, 59, &mi) ||
	    !field(&p, 2, 'Z', 0, 59, &s) || *p != '\0'))
		return SR_ERR_BAD_SYNTAX;
	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d > month_days[mo - 1] + (mo == 2 && leap ? 1u : 0u))
		return SR_ERR_OUT_OF_RANGE;
	*out_ms = (((days_of(y, mo, d) * 24 + h) * 60 + mi) * 60 + s) * 1000;
	return SR_OK;
}

bool cli_time(struct cli *self, uint64_t *out_ms, const char *what, const char *text)
{
	enum sr_error error = cli_parse_time(out_ms, text, cli_now_ms());

	if (error != SR_OK)
		cli_usage(self, error,
		    "%s is a time like 2027-01-31, 2027-01-31T12:00:00Z, +30d or unix "
		    "milliseconds, not '%s'",
		    what, text);
	return error == SR_OK;
}

bool cli_account(struct cli *self, struct vault_account *out, const char *what, const char *text)
{
	enum sr_error error = keyfile_account_parse(out, text);

	if (error == SR_ERR_BAD_SYNTAX || (error == SR_OK && out->kind == VAULT_ACCOUNT_NONE))
		error = keyfile_account_of_name(self, out, text);
	if (error != SR_OK)
		cli_usage(self, error,
		    "%s is an account (ed25519:..., 0x...) or the name of one of your keys, not "
		    "'%s'",
		    what, text);
	return error == SR_OK;
}

bool cli_policy(struct cli *self, struct sr_writer *out, const char *text)
{
	struct vault_policy *policy = malloc(sizeof *policy);
	size_t at = 0, n = strlen(text);
	enum sr_error error = policy == NULL ? SR_ERR_NO_MEMORY :
	    n > VAULT_POLICY_BYTES_MAX * 4 ? SR_ERR_TOO_LONG :
	    vault_policy_parse(policy, &at, text, n);

	if (error == SR_OK) {
		vault_policy_write(out, policy);
		error = sr_writer_finish(out);
	}
	free(policy);
	if (error == SR_OK)
		return true;
	if (at > n)
		at = n;
	/* Very long texts: show the part around the place. */
	size_t from = at > 60 ? at - 60 : 0;
	cli_usage(self, error, "the policy does not fit at character %zu:\n  %.100s\n  %*s^",
	    at + 1, text + from, (int)(at - from), "");
	return false;
}
