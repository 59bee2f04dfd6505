/* strongroom status: the cluster as its members see it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/client.h"

#define LOOK_MS 3000u
#define WATCH_MS 500u

struct view { struct enclave_status *statuses; bool *ok; uint32_t n, answered, newest; };

static void look_once(struct client *c, struct view *v)
{
	v->n = c->epoch->n;
	client_statuses(c, v->statuses, v->ok, LOOK_MS);
	v->answered = v->newest = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		if (!v->ok[i])
			continue;
		v->answered++;
		if (!v->ok[v->newest]
		    || v->statuses[i].final_height > v->statuses[v->newest].final_height)
			v->newest = i;
	}
}

/* The members of the newest epoch that anybody speaks of and a trail proves. */
static void look(struct client *c, struct view *v)
{
	look_once(c, v);
	if ((v->answered == 0 || v->statuses[v->newest].epoch > c->epoch->epoch)
	    && client_trail_fetch(c) == SR_OK)
		look_once(c, v);
}

static const char *member_state(const struct view *v, uint32_t i)
{
	const struct enclave_status *s = &v->statuses[i];

	if (!v->ok[i])
		return "no answer";
	if (s->recovering)
		return "recovering";
	if (s->disk_full)
		return "disk full";
	if (!s->vault_ready)
		return "making the vault key";
	return s->final_height + 3 < v->statuses[v->newest].final_height ? "catching up" : "good";
}

static uint32_t peers(const struct enclave_status *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->members_n && i < SR_MEMBERS_MAX; i++)
		n += i != s->self && s->members[i].connected;
	return n;
}

static const char *cluster_state(const struct client *c, const struct view *v)
{
	uint32_t good = 0, n = c->epoch->n;

	for (uint32_t i = 0; i < v->n; i++)
		good += v->ok[i] && !v->statuses[i].recovering && !v->statuses[i].disk_full;
	if (v->answered == 0)
		return "unreachable";
	if (!v->statuses[v->newest].vault_ready)
		return "starting";
	if (good < consensus_quorum(n))
		return "stalled";
	return good < n ? "degraded" : "good";
}

static void members_show(struct cli *cli, const struct client *c, const struct view *v)
{
	static const char *const head[] = { "", "MEMBER", "STATE", "FINAL", "SLOT", "PEERS", "POOL",
		"URL" };
	struct cli_table table;
	char name[SR_NAME_MAX + 1];

	cli_table_init(&table, 8);
	for (unsigned i = 0; i < 8; i++)
		cli_table_cell(&table, "%s", head[i]);
	cli_list_begin(cli, "members");
	for (uint32_t i = 0; i < v->n; i++) {
		const struct enclave_status *s = &v->statuses[i];
		bool author = v->answered > 0 && v->statuses[v->newest].author == i;

		client_member_name(c, i, name);
		cli_list_item(cli);
		cli_put_number(cli, "member", i);
		cli_put_number(cli, "seat", c->epoch->members[i].seat);
		cli_put_text(cli, "name", name);
		cli_put_text(cli, "url", c->epoch->members[i].url);
		cli_put_text(cli, "state", member_state(v, i));
		cli_put_bool(cli, "answered", v->ok[i]);
		cli_table_cell(&table, "%s", author ? ">" : "");
		cli_table_cell(&table, "%s", name);
		cli_table_cell(&table, "%s", member_state(v, i));
		if (v->ok[i]) {
			cli_put_number(cli, "final_height", s->final_height);
			cli_put_number(cli, "slot", s->slot);
			cli_put_number(cli, "epoch", s->epoch);
			cli_put_number(cli, "peers", peers(s));
			cli_put_number(cli, "pool", s->pool);
			cli_put_bool(cli, "vault_ready", s->vault_ready);
			cli_put_bool(cli, "recovering", s->recovering);
		}
		cli_table_cell(&table, v->ok[i] ? "%llu" : "-",
		    (unsigned long long)(v->ok[i] ? s->final_height : 0));
		cli_table_cell(
		    &table, v->ok[i] ? "%llu" : "-", (unsigned long long)(v->ok[i] ? s->slot : 0));
		cli_table_cell(&table, v->ok[i] ? "%u" : "-", v->ok[i] ? peers(s) : 0);
		cli_table_cell(
		    &table, v->ok[i] ? "%llu" : "-", (unsigned long long)(v->ok[i] ? s->pool : 0));
		cli_table_cell(&table, "%s", c->epoch->members[i].url);
	}
	cli_list_end(cli);
	cli_table_print(cli, &table);
}

static void show(struct cli *cli, const struct client *c, const struct view *v)
{
	const struct enclave_status *s = &v->statuses[v->newest];
	char name[SR_NAME_MAX + 1], chain[65], at[CLI_TIME_TEXT], uptime[CLI_TIME_TEXT];
	char attestation[GENESIS_ATTESTATION_MAX];

	genesis_attestation_text(attestation, &c->genesis->policy);
	cli_name_text(name, (struct sr_bytes){ c->genesis->name, c->genesis->name_n });
	sr_hex_encode(chain, c->genesis->chain_id.b, 32);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "chain_id", chain);
	cli_put_text(cli, "state", cluster_state(c, v));
	cli_put_text(cli, "attestation", attestation);
	cli_put_number(cli, "answered", v->answered);
	cli_put_number(cli, "quorum", consensus_quorum(v->n));
	cli_put_number(cli, "threshold", c->epoch->threshold);
	cli_say(cli, "%s  %s  (chain %.16s..., attestation: %s)\n", name, cluster_state(c, v),
	    chain, attestation);
	if (v->answered > 0) {
		cli_time_text(at, s->final_time_ms);
		cli_duration_text(uptime, s->uptime_ms);
		cli_put_number(cli, "epoch", s->epoch);
		cli_put_number(cli, "slot", s->slot);
		cli_put_number(cli, "height", s->final_height);
		cli_put_number(cli, "final_height", s->final_height);
		cli_put_number(cli, "final_time_ms", s->final_time_ms);
		cli_put_number(cli, "uptime_ms", s->uptime_ms);
		cli_put_number(cli, "operations_final", s->operations_final);
		cli_put_number(cli, "operations_refused", s->operations_refused);
		cli_put_number(cli, "releases", s->releases);
		cli_put_number(cli, "records", s->records);
		cli_put_bool(cli, "vault_ready", s->vault_ready);
		cli_say(cli,
		    "  epoch %llu, slot %llu; final block %llu of %s\n"
		    "  %llu operations final, %llu refused; %llu releases; %llu records; clock "
		    "%s\n",
		    (unsigned long long)s->epoch, (unsigned long long)s->slot,
		    (unsigned long long)s->final_height, at,
		    (unsigned long long)s->operations_final,
		    (unsigned long long)s->operations_refused, (unsigned long long)s->releases,
		    (unsigned long long)s->records, uptime);
	}
	members_show(cli, c, v);
}

static volatile sig_atomic_t stopped;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static void watch(struct cli *cli, struct client *c, struct view *v)
{
	struct sigaction action = { .sa_handler = on_stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	printf("\033[?25l\033[2J");
	while (!stopped && !ferror(stdout)) {
		look(c, v);
		printf("\033[H");
		show(cli, c, v);
		printf("\n  > authors this slot; Ctrl-C ends\033[J");
		fflush(stdout);
		if (!stopped)
			cli_pause_ms(WATCH_MS);
	}
	printf("\033[?25h\n");
}

static enum cli_exit run(struct cli *cli)
{
	struct client *c;
	struct view v = { .n = 0 };
	enum cli_exit rc = client_open(cli, &c);

	if (rc != CLI_DONE)
		return rc;
	if (cli->json && cli_has(cli, "watch")) {
		client_close(c);
		return cli_usage(cli, SR_ERR_USAGE, "--watch and --json do not go together");
	}
	v.statuses = calloc(SR_MEMBERS_MAX, sizeof *v.statuses);
	v.ok = calloc(SR_MEMBERS_MAX, sizeof *v.ok);
	SR_ASSERT(v.statuses != NULL && v.ok != NULL);
	if (client_trail_fetch(c) != SR_OK)
		c->trouble[0] = '\0'; /* members that are not ready may still tell their state */
	rc = client_node_check(c);
	if (rc != CLI_DONE) {
		/* said already */
	} else if (cli_has(cli, "watch")) {
		watch(cli, c, &v);
	} else {
		look(c, &v);
		show(cli, c, &v);
		if (v.answered == 0)
			rc = cli_fail(cli, SR_ERR_NOT_REACHED, "no member answered");
	}
	free(v.statuses);
	free(v.ok);
	client_close(c);
	return rc;
}

static const struct cli_option options[] = {
	{ "watch", NULL, "keep looking, until Ctrl-C", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_status[] = {
	{ "status", "", "", "slots, authors, finality and members, live with --watch", NULL, 0, 0,
	    options, run },
	{ 0 },
};
