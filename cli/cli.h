/*
 * cli/cli.h - what the command files share: the parsed command line, output for people and for
 * programs, and how a run ends. Commands return an exit code; cli_fail and cli_usage make it.
 */
#ifndef SR_CLI_CLI_H
#define SR_CLI_CLI_H

#include "vault/policy.h"

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_UNREACHED = 3 };

#define CLI_OPTIONS_MAX 64u
#define CLI_ARGS_MAX 256u
#define CLI_PATH_MAX 4096u

/* value: the name of its value in help texts, NULL for a switch. */
struct cli_option { const char *name, *value, *help; bool repeats; };

struct cli;
struct cli_command {
	const char *group, *name;        /* name "" when the group is the command */
	const char *args;                /* "SECRET [FILE]" */
	const char *about;               /* one line */
	const char *more;                /* further help, or NULL */
	unsigned args_min, args_max;
	const struct cli_option *options;/* ends with a NULL name; may be NULL */
	enum cli_exit (*run)(struct cli *cli);
};

struct cli_json;
struct cli {
	const char *program;             /* argv[0] */
	const struct cli_command *command;
	const char *cluster, *node, *key, *checkpoint;  /* global options, NULL when not given */
	bool json, help, exact /* command is one, not its group */;
	uint64_t timeout_ms, started_ms;
	struct { const char *name, *value; } given[CLI_OPTIONS_MAX];
	unsigned given_n;
	const char *args[CLI_ARGS_MAX];
	unsigned args_n;
	struct cli_json *out;
	bool failed;
	char settings[4][CLI_PATH_MAX];  /* settings.h */
};

extern const struct cli_option cli_global_options[];
/* All groups, in the order of the help text; ends with a NULL. */
extern const struct cli_command *const cli_groups[];
extern const struct cli_command cli_commands_cluster[], cli_commands_status[], cli_commands_key[],
    cli_commands_nft[], cli_commands_secret[], cli_commands_switch[], cli_commands_audit[],
    cli_commands_block[], cli_commands_proof[], cli_commands_split[], cli_commands_genesis[],
    cli_commands_attest[], cli_commands_tpm[], cli_commands_node[], cli_commands_policy[],
    cli_commands_checkpoint[], cli_commands_completion[];

/* --- the command line (args.c) --- */
/* Fills self from argv; on a mistake prints it and returns CLI_USAGE. */
enum cli_exit cli_parse(struct cli *self, int argc, char **argv);
void cli_help(const struct cli *self);
const char *cli_value(const struct cli *self, const char *name);          /* NULL: not given */
const char *cli_value_at(const struct cli *self, const char *name, unsigned i);
bool cli_has(const struct cli *self, const char *name);
/* Each prints its own mistake (naming what) and returns false; the caller returns CLI_USAGE. */
bool cli_number(struct cli *self, uint64_t *out, const char *what, const char *text, uint64_t least,
    uint64_t most);
bool cli_option_number(struct cli *self, uint64_t *out, const char *name, uint64_t least,
    uint64_t most); /* untouched when not given */
bool cli_duration(struct cli *self, uint64_t *out_ms, const char *what, const char *text);
/* Unix ms, 2027-01-31, 2027-01-31T12:00:00Z, or +30d from now. */
bool cli_time(struct cli *self, uint64_t *out_ms, const char *what, const char *text);
/* "ed25519:...", "0x...", or the name of a key of this user (its account). */
bool cli_account(struct cli *self, struct vault_account *out, const char *what, const char *text);
/* With a caret under the place that does not fit. Canonical bytes, caller clears. */
bool cli_policy(struct cli *self, struct sr_writer *out, const char *text);
/* Pure parts of the above, for tests. */
SR_MUST_CHECK enum sr_error cli_parse_number(uint64_t *out, const char *text, uint64_t least,
    uint64_t most);
SR_MUST_CHECK enum sr_error cli_parse_duration(uint64_t *out_ms, const char *text);
SR_MUST_CHECK enum sr_error cli_parse_time(uint64_t *out_ms, const char *text, uint64_t now_ms);

/* --- how it ends (out.c) --- */
enum cli_exit cli_exit_of(enum sr_error error);
/* Says what failed and returns the exit code the error stands for. The first failure is kept. */
__attribute__((format(printf, 3, 4)))
enum cli_exit cli_fail(struct cli *self, enum sr_error error, const char *format, ...);
/* The same, always CLI_USAGE. */
__attribute__((format(printf, 3, 4)))
enum cli_exit cli_usage(struct cli *self, enum sr_error error, const char *format, ...);

/* --- output (out.c) --- */
/* For people, on stdout; nothing with --json. */
__attribute__((format(printf, 2, 3))) void cli_say(const struct cli *self, const char *format, ...);
/* For people, on stderr, also with --json. */
__attribute__((format(printf, 2, 3))) void cli_warn(
    const struct cli *self, const char *format, ...);
/* "2027-01-31 12:00:00 UTC"; "never" for 0. */
#define CLI_TIME_TEXT 32u
void cli_time_text(char out[CLI_TIME_TEXT], uint64_t ms);
void cli_duration_text(char out[CLI_TIME_TEXT], uint64_t ms);
void cli_bytes_text(char out[CLI_TIME_TEXT], uint64_t bytes);
/* A table: header and rows of cells; columns as wide as needed. */
struct cli_table { char **cells; unsigned columns, cells_n, capacity; };
void cli_table_init(struct cli_table *self, unsigned columns);
__attribute__((format(printf, 2, 3))) void cli_table_cell(
    struct cli_table *self, const char *format, ...);
/* Prints unless --json; frees. header: a row of its own. */
void cli_table_print(const struct cli *cli, struct cli_table *self);
/* A bar on stderr when that is a terminal. total 0: unknown. */
struct cli_progress { const char *what; uint64_t total, shown_ms; bool on, drawn; };
void cli_progress_start(struct cli_progress *self, const struct cli *cli, const char *what,
    uint64_t total);
void cli_progress_at(struct cli_progress *self, uint64_t done);
void cli_progress_end(struct cli_progress *self);
/* A name from the cluster, safe on a terminal. out holds SR_NAME_MAX + 1. */
void cli_name_text(char out[SR_NAME_MAX + 1], struct sr_bytes name);

/* --- the one JSON object of --json (json.c) --- */
void cli_put_text(struct cli *self, const char *name, const char *text);
void cli_put_bytes(struct cli *self, const char *name, struct sr_bytes utf8);
void cli_put_number(struct cli *self, const char *name, uint64_t v);
void cli_put_bool(struct cli *self, const char *name, bool v);
void cli_put_null(struct cli *self, const char *name);
void cli_put_hex(struct cli *self, const char *name, const uint8_t *p, size_t n);
void cli_put_account(struct cli *self, const char *name, const struct vault_account *a);
/* Between begin and end, puts go into the list's newest object, which item starts. */
void cli_list_begin(struct cli *self, const char *name);
void cli_list_item(struct cli *self);
void cli_list_text(struct cli *self, const char *text);  /* a list of texts instead */
void cli_list_end(struct cli *self);
void cli_object_begin(struct cli *self, const char *name);
void cli_object_end(struct cli *self);

/* --- clocks and waiting (out.c) --- */
uint64_t cli_now_ms(void);               /* unix */
uint64_t cli_monotonic_ms(void);
void cli_pause_ms(unsigned ms);          /* between two looks at something that changes */
/* ms until this run's --timeout is over; 0 when it is. */
uint64_t cli_left_ms(const struct cli *self);

#endif
