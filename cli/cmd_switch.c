/* strongroom switch: dead-man switches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lookup.h"

/* --- create --- */

static bool one_account(struct cli *cli, struct vault_account *out, const char *name)
{
	const char *text = cli_value(cli, name);
	char what[64];

	snprintf(what, sizeof what, "--%s", name);
	return text == NULL || cli_account(cli, out, what, text);
}

static bool guardians_read(struct cli *cli, struct vault_switch_settings *s)
{
	uint64_t needed;
	const char *text;

	for (; (text = cli_value_at(cli, "guardian", s->guardians_n)) != NULL; s->guardians_n++) {
		if (s->guardians_n == VAULT_GUARDIANS_MAX) {
			cli_usage(
			    cli, SR_ERR_TOO_MANY, "at most %u guardians", VAULT_GUARDIANS_MAX);
			return false;
		}
		if (!cli_account(cli, &s->guardians[s->guardians_n], "--guardian", text))
			return false;
	}
	if (s->guardians_n == 0 && cli_has(cli, "guardians-needed")) {
		cli_usage(cli, SR_ERR_SWITCH_SETTINGS, "--guardians-needed without a --guardian");
		return false;
	}
	needed = s->guardians_n == 0 ? 0 : s->guardians_n / 2 + 1;
	if (!cli_option_number(
		cli, &needed, "guardians-needed", 1, s->guardians_n > 0 ? s->guardians_n : 1))
		return false;
	s->guardians_k = (uint32_t)needed;
	return true;
}

/* ACCOUNT or ACCOUNT:DELAY; an Ed25519 account has a colon of its own. */
static bool heir_read(struct cli *cli, struct vault_switch_settings *s, const char *text)
{
	char account[256];
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);
	uint64_t delay = 0;

	if (colon != NULL && cli_parse_duration(&delay, colon + 1) == SR_OK)
		n = (size_t)(colon - text);
	else
		delay = s->heirs_n > 0 ? s->heir_delay_ms[s->heirs_n - 1] : 0;
	if (n >= sizeof account) {
		cli_usage(cli, SR_ERR_TOO_LONG, "--heir");
		return false;
	}
	memcpy(account, text, n);
	account[n] = '\0';
	s->heir_delay_ms[s->heirs_n] = delay;
	return cli_account(cli, &s->heirs[s->heirs_n++], "--heir", account);
}

static bool heirs_read(struct cli *cli, struct vault_switch_settings *s)
{
	const char *text;

	for (unsigned i = 0; (text = cli_value_at(cli, "heir", i)) != NULL; i++) {
		if (i == VAULT_HEIRS_MAX) {
			cli_usage(cli, SR_ERR_TOO_MANY, "at most %u heirs", VAULT_HEIRS_MAX);
			return false;
		}
		if (!heir_read(cli, s, text))
			return false;
	}
	for (unsigned i = 0; (text = cli_value_at(cli, "stage", i)) != NULL; i++, s->stages_n++) {
		if (i == VAULT_HEIRS_MAX) {
			cli_usage(cli, SR_ERR_TOO_MANY, "at most %u stages", VAULT_HEIRS_MAX);
			return false;
		}
		if (!cli_duration(cli, &s->stage_delay_ms[i], "--stage", text))
			return false;
	}
	return true;
}

static bool settings_read(struct cli *cli, struct vault_switch_settings *s)
{
	const char *interval = cli_value(cli, "interval"), *grace = cli_value(cli, "grace");

	if (interval == NULL || grace == NULL) {
		cli_usage(cli, SR_ERR_USAGE,
		    "--interval and --grace say when it fires: --interval 30d --grace 7d");
		return false;
	}
	if (!cli_duration(cli, &s->interval_ms, "--interval", interval) ||
	    !cli_duration(cli, &s->grace_ms, "--grace", grace))
		return false;
	if (s->interval_ms < VAULT_SPAN_MIN_MS || s->grace_ms < VAULT_SPAN_MIN_MS) {
		cli_usage(cli, SR_ERR_OUT_OF_RANGE, "--interval and --grace are at least 1s");
		return false;
	}
	return one_account(cli, &s->heartbeat, "heartbeat-key")
	    && one_account(cli, &s->duress, "duress-key")
	    && one_account(cli, &s->vetoer, "veto-key") && guardians_read(cli, s)
	    && heirs_read(cli, s);
}

static enum cli_exit run_create(struct cli *cli)
{
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_SWITCH_CREATE, .body = &body };
	struct client *c = NULL;
	struct key *k = NULL;
	const char *name = cli->args[0];
	enum cli_exit rc;

	memset(&body, 0, sizeof body);
	if (!sr_name_valid((const uint8_t *)name, strlen(name)))
		return cli_usage(cli, SR_ERR_NAME_BAD, "the switch's name");
	body.switch_create.name = (struct sr_bytes){ (const uint8_t *)name, strlen(name) };
	if (!settings_read(cli, &body.switch_create.settings))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = client_act_say(c, k, &act, "creating the switch", NULL);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "switch_id", act.receipt.id);
		cli_put_text(cli, "state", "armed");
		cli_say(cli, "%llu\n", (unsigned long long)act.receipt.id);
	}
	return client_end(c, k, rc);
}

/* --- acting on one --- */

static enum cli_exit act_on(struct cli *cli, enum vault_op_kind kind, union vault_op_body *body,
    uint64_t *id_field, const char *what)
{
	struct client_act act = { .kind = kind, .body = body };
	struct client *c = NULL;
	struct key *k = NULL;
	uint64_t id = 0;
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc == CLI_DONE)
		rc = lookup_switch_id(c, k, cli->args[0], &id);
	*id_field = id;
	if (rc == CLI_DONE)
		rc = client_act_say(c, k, &act, what, NULL);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "switch_id", id);
		cli_say(cli, "done at height %llu\n", (unsigned long long)act.receipt.height);
	}
	return client_end(c, k, rc);
}

static enum cli_exit ref(struct cli *cli, enum vault_op_kind kind, const char *what)
{
	union vault_op_body body;

	memset(&body, 0, sizeof body);
	return act_on(cli, kind, &body, &body.switch_ref.switch_id, what);
}

static enum cli_exit run_heartbeat(struct cli *cli)
{
	return ref(cli, VAULT_OP_SWITCH_HEARTBEAT, "the heartbeat");
}

static enum cli_exit run_veto(struct cli *cli)
{
	return ref(cli, VAULT_OP_SWITCH_VETO, "the veto");
}

static enum cli_exit run_confirm(struct cli *cli)
{
	return ref(cli, VAULT_OP_SWITCH_CONFIRM, "confirming");
}

static enum cli_exit run_duress(struct cli *cli)
{
	return ref(cli, VAULT_OP_SWITCH_DURESS, "the heartbeat");
}

static enum cli_exit run_cancel(struct cli *cli)
{
	return ref(cli, VAULT_OP_SWITCH_CANCEL, "cancelling");
}

static enum cli_exit run_pause(struct cli *cli)
{
	union vault_op_body body;
	uint64_t until = 0;

	memset(&body, 0, sizeof body);
	if (strcmp(cli->args[1], "end") != 0
	    && !cli_time(cli, &until, "the end of the pause", cli->args[1]))
		return CLI_USAGE;
	body.switch_pause.until_ms = until;
	return act_on(cli, VAULT_OP_SWITCH_PAUSE, &body, &body.switch_pause.switch_id, "the pause");
}

static enum cli_exit run_delegate(struct cli *cli)
{
	union vault_op_body body;
	const char *until = cli_value(cli, "until");

	memset(&body, 0, sizeof body);
	if (!cli_account(cli, &body.switch_delegate.to, "the delegate", cli->args[1]))
		return CLI_USAGE;
	body.switch_delegate.add = !cli_has(cli, "remove");
	if (!body.switch_delegate.add && until != NULL)
		return cli_usage(cli, SR_ERR_USAGE, "--remove and --until do not go together");
	if (until != NULL && !cli_time(cli, &body.switch_delegate.until_ms, "--until", until))
		return CLI_USAGE;
	if (body.switch_delegate.add && until == NULL)
		return cli_usage(cli, SR_ERR_USAGE,
		    "--until TIME says how long the delegate may send heartbeats");
	return act_on(
	    cli, VAULT_OP_SWITCH_DELEGATE, &body, &body.switch_delegate.switch_id, "delegating");
}

/* --- looking --- */

static void switch_put(struct cli *cli, const struct vault_switch *w)
{
	const struct vault_switch_settings *s = &w->settings;

	cli_put_number(cli, "switch_id", w->id);
	cli_put_bytes(cli, "name", w->name);
	cli_put_account(cli, "account", &w->owner);
	cli_put_text(cli, "state", vault_switch_state_name(w->state));
	cli_put_number(cli, "warn_percent", w->warn_level);
	cli_put_number(cli, "interval_ms", s->interval_ms);
	cli_put_number(cli, "grace_ms", s->grace_ms);
	cli_put_account(cli, "heartbeat_account", &s->heartbeat);
	cli_put_number(cli, "heartbeat_ms", w->heartbeat_ms);
	cli_put_number(cli, "fired_ms", w->fired_ms);
	cli_put_number(cli, "paused_until_ms", w->paused_until_ms);
	cli_put_number(cli, "stage", w->stage);
	cli_put_number(cli, "stages", s->stages_n);
	cli_put_number(cli, "guardians", s->guardians_n);
	cli_put_number(cli, "guardians_needed", s->guardians_k);
	cli_put_number(cli, "guardians_confirmed", (uint64_t)__builtin_popcount(w->confirmed));
	cli_put_number(cli, "heirs", s->heirs_n);
	cli_put_number(cli, "delegates", w->delegates_n);
}

static void switch_say(struct cli *cli, const struct vault_switch *w)
{
	const struct vault_switch_settings *s = &w->settings;
	char name[SR_NAME_MAX + 1], owner[VAULT_ACCOUNT_TEXT_MAX], interval[CLI_TIME_TEXT];
	char grace[CLI_TIME_TEXT], last[CLI_TIME_TEXT], text[VAULT_ACCOUNT_TEXT_MAX],
	    at[CLI_TIME_TEXT];

	cli_name_text(name, w->name);
	vault_account_text(owner, &w->owner);
	cli_duration_text(interval, s->interval_ms);
	cli_duration_text(grace, s->grace_ms);
	cli_time_text(last, w->heartbeat_ms);
	cli_say(cli, "switch %llu  %s\n  state      %s", (unsigned long long)w->id, name,
	    vault_switch_state_name(w->state));
	if (w->warn_level > 0)
		cli_say(cli, " (%u%% of the interval are gone)", w->warn_level);
	cli_say(cli, "\n  owner      %s\n  interval   %s, then %s of grace\n  heartbeat  %s\n",
	    owner, interval, grace, last);
	if (s->guardians_n > 0)
		cli_say(cli, "  guardians  %u of %u must confirm; %d have\n", s->guardians_k,
		    s->guardians_n, __builtin_popcount(w->confirmed));
	for (uint32_t i = 0; i < s->heirs_n; i++) {
		vault_account_text(text, &s->heirs[i]);
		cli_duration_text(at, s->heir_delay_ms[i]);
		cli_say(cli, "  heir %-5u %s, %s after it fired\n", i + 1, text, at);
	}
	for (uint32_t i = 0; i < s->stages_n; i++) {
		cli_duration_text(at, s->stage_delay_ms[i]);
		cli_say(cli, "  stage %-4u %s after it fired%s\n", i + 1, at,
		    w->stage > i ? ": reached" : "");
	}
	if (w->paused_until_ms != 0) {
		cli_time_text(at, w->paused_until_ms);
		cli_say(cli, "  paused until %s\n", at);
	}
	if (w->fired_ms != 0) {
		cli_time_text(at, w->fired_ms);
		cli_say(cli, "  fired      %s\n", at);
	}
}

static enum cli_exit run_status(struct cli *cli)
{
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_switch w;
	struct looked bytes = { 0 };
	uint64_t id;
	enum sr_error error;
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc == CLI_DONE)
		rc = lookup_switch_id(c, k, cli->args[0], &id);
	if (rc == CLI_DONE) {
		error = lookup_switch(c, k, id, &w, &bytes);
		if (error != SR_OK)
			rc = client_fail(c, error, "looking up the switch");
	}
	if (rc == CLI_DONE) {
		switch_put(cli, &w);
		switch_say(cli, &w);
	}
	looked_free(&bytes);
	return client_end(c, k, rc);
}

struct listing { struct cli *cli; struct cli_table table; enum sr_error error; };

static bool list_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_switch w;
	struct sr_reader r;
	char name[SR_NAME_MAX + 1], last[CLI_TIME_TEXT], interval[CLI_TIME_TEXT];

	sr_reader_init(&r, record.p, record.n);
	vault_switch_read(&w, &r);
	l->error = sr_reader_finish(&r);
	if (l->error != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(w.id >> (8 * i));
	cli_list_item(l->cli);
	switch_put(l->cli, &w);
	cli_name_text(name, w.name);
	cli_time_text(last, w.heartbeat_ms);
	cli_duration_text(interval, w.settings.interval_ms);
	cli_table_cell(&l->table, "%llu", (unsigned long long)w.id);
	cli_table_cell(&l->table, "%s", name);
	cli_table_cell(&l->table, "%s", vault_switch_state_name(w.state));
	cli_table_cell(&l->table, "%s", interval);
	cli_table_cell(&l->table, "%s", last);
	return true;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const head[] = { "SWITCH", "NAME", "STATE", "INTERVAL",
		"LAST HEARTBEAT" };
	struct listing l = { .cli = cli };
	struct client *c = NULL;
	struct key *k = NULL;
	struct sr_writer w;
	enum sr_error error;
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc != CLI_DONE)
		return client_end(c, k, rc);
	cli_table_init(&l.table, 5);
	for (unsigned i = 0; i < 5; i++)
		cli_table_cell(&l.table, "%s", head[i]);
	sr_writer_init(&w, 64);
	vault_account_write(&w, &k->account);
	cli_put_account(cli, "account", &k->account);
	cli_list_begin(cli, "switches");
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = lookup_list(
		    c, k, VAULT_GET_SWITCHES, (struct sr_bytes){ w.p, w.n }, 8, list_one, &l);
	sr_writer_clear(&w);
	cli_list_end(cli);
	cli_table_print(cli, &l.table);
	if (error == SR_OK)
		error = l.error;
	if (error != SR_OK)
		rc = client_fail(c, error, "listing");
	return client_end(c, k, rc);
}

/* --- the table --- */

static const struct cli_option options_create[] = {
	{ "interval", "TIME", "without a heartbeat for this long it becomes pending", false },
	{ "grace", "TIME", "and after this much more it fires", false },
	{ "heartbeat-key", "ACCOUNT", "who sends heartbeats (default: the owner)", false },
	{ "guardian", "ACCOUNT", "must confirm before it fires", true },
	{ "guardians-needed", "K", "how many guardians must (default: more than half)", false },
	{ "veto-key", "ACCOUNT", "may stop a pending switch (default: the owner)", false },
	{ "duress-key", "ACCOUNT", "its heartbeat freezes the switch, and nobody can tell", false },
	{ "heir", "ACCOUNT[:DELAY]", "may claim this long after it fired; in order", true },
	{ "stage", "DELAY", "a further stage, this long after it fired", true },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_delegate[] = {
	{ "until", "TIME", "until when", false },
	{ "remove", NULL, "take the right away again", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_switch[] = {
	{ "switch", "create", "NAME", "make a dead-man switch; prints its number",
	    "armed -> warn (50, 75, 90 % of the interval) -> pending -> fired. A heartbeat before "
	    "it fires\n"
	    "arms it again. Times in which the cluster could not be reached do not count.\n"
	    "Policies name it: 'switch(3, fired)', 'switch(3, fired, 2)' for a stage, 'heir(3)'.\n",
	    1, 1, options_create, run_create },
	{ "switch", "heartbeat", "SWITCH", "say that you are there", NULL, 1, 1, NULL,
	    run_heartbeat },
	{ "switch", "status", "SWITCH", "its state and settings", NULL, 1, 1, NULL, run_status },
	{ "switch", "list", "", "your switches", NULL, 0, 0, NULL, run_list },
	{ "switch", "pause", "SWITCH TIME|end", "stop its clock until then", NULL, 2, 2, NULL,
	    run_pause },
	{ "switch", "veto", "SWITCH", "stop a pending one from firing", NULL, 1, 1, NULL,
	    run_veto },
	{ "switch", "confirm", "SWITCH", "as a guardian: confirm that it should fire", NULL, 1, 1,
	    NULL, run_confirm },
	{ "switch", "duress", "SWITCH", "with the duress key: looks like a heartbeat, freezes it",
	    NULL, 1, 1, NULL, run_duress },
	{ "switch", "cancel", "SWITCH", "end it for good", NULL, 1, 1, NULL, run_cancel },
	{ "switch", "delegate", "SWITCH ACCOUNT", "let another account send heartbeats for a while",
	    NULL, 2, 2, options_delegate, run_delegate },
	{ 0 },
};
