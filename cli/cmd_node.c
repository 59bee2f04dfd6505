/* strongroom node: one node of a cluster, and what its operator may do. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/io.h"
#include "cli/node_join.h"
#include "cli/settings.h"
#include "config/config.h"

#define LOOK_MS 200u
#define WAIT_MS 900000u

/* --- init --- */

static bool text_copy(struct cli *cli, char *out, size_t most, const char *name, const char *value)
{
	if (strlen(value) < most) {
		memcpy(out, value, strlen(value) + 1);
		return true;
	}
	cli_usage(cli, SR_ERR_TOO_LONG, "%s", name);
	return false;
}

/* Where to listen for what is reached at address: there when that is an IP, else everywhere. */
static bool listen_of(struct cli *cli, char out[GENESIS_URL_MAX], const char *option,
    const char *address, const char *scheme)
{
	const char *given = cli_value(cli, option), *at = address + strlen(scheme);
	char host[CONFIG_TEXT_MAX];
	struct in_addr in;
	uint16_t port;

	if (given != NULL)
		return text_copy(cli, out, GENESIS_URL_MAX, option, given);
	if (config_address(host, &port, at) == SR_OK && inet_pton(AF_INET, host, &in) == 1) {
		snprintf(out, GENESIS_URL_MAX, "%s", at);
		return true;
	}
	at = strrchr(at, ':');
	if (at != NULL && snprintf(out, GENESIS_URL_MAX, "0.0.0.0%s", at) < (int)GENESIS_URL_MAX)
		return true;
	cli_usage(cli, SR_ERR_BAD_SYNTAX, "%s needs a port", address);
	return false;
}

static bool address_read(struct cli *cli, char out[GENESIS_URL_MAX], const char *option,
    const char *scheme)
{
	const char *value = cli_value(cli, option);

	if (value == NULL || strncmp(value, scheme, strlen(scheme)) != 0) {
		cli_usage(cli, value == NULL ? SR_ERR_USAGE : SR_ERR_BAD_SYNTAX,
		    "--%s %sHOST:PORT says where others reach this node", option, scheme);
		return false;
	}
	return text_copy(cli, out, GENESIS_URL_MAX, option, value);
}

static bool entry_given(struct cli *cli, const char *dir, struct node_entry *e)
{
	const char *slash = strrchr(dir, '/'), *name = cli_value(cli, "name");
	char links[GENESIS_URL_MAX];

	memset(e, 0, sizeof *e);
	if (name == NULL)
		name = slash != NULL && slash[1] != '\0' ? slash + 1 : dir;
	if (!sr_name_valid((const uint8_t *)name, strlen(name))) {
		cli_usage(cli, SR_ERR_NAME_BAD, "--name");
		return false;
	}
	memcpy(e->name, name, strlen(name) + 1);
	if (!address_read(cli, e->url, "url", "https://")
	    || !address_read(cli, e->link, "link", "tcp://")
	    || !listen_of(cli, e->rpc_listen, "rpc-listen", e->url, "https://")
	    || !listen_of(cli, links, "link-listen", e->link, "tcp://"))
		return false;
	if (snprintf(e->link_listen, sizeof e->link_listen, "%s%s",
		strncmp(links, "tcp://", 6) == 0 ? "" : "tcp://", links)
	    >= (int)sizeof e->link_listen) {
		cli_usage(cli, SR_ERR_TOO_LONG, "link-listen");
		return false;
	}
	return node_platform_given(cli, &e->platform);
}

/* The cluster it will join is pinned from its first moment. */
static enum cli_exit genesis_copy(struct cli *cli, const char *dir)
{
	const char *path = cli_value(cli, "genesis");
	struct genesis *g = calloc(1, sizeof *g);
	uint8_t *bytes = NULL;
	size_t n = 0;
	enum sr_error error;
	enum cli_exit rc;

	SR_ASSERT(g != NULL);
	if (path == NULL) {
		free(g);
		return cli_usage(cli, SR_ERR_USAGE, "--genesis FILE says which cluster");
	}
	error = io_load(&bytes, &n, path, GENESIS_FILE_MAX);
	if (error == SR_OK)
		error = genesis_decode(g, bytes, n);
	rc = error == SR_OK ? node_file_write(cli, dir, "genesis", bytes, n, 0644)
			    : cli_usage(cli, error, "the genesis %s", path);
	if (rc == CLI_DONE)
		cli_put_hex(cli, "chain_id", g->chain_id.b, sizeof g->chain_id.b);
	free(bytes);
	free(g);
	return rc;
}

static void init_say(struct cli *cli, const char *dir, const struct node_entry *e,
    const struct key *operator_key)
{
	char hex[65];

	sr_hex_encode(hex, operator_key->account.b, 32);
	cli_put_text(cli, "directory", dir);
	cli_put_text(cli, "name", e->name);
	cli_put_text(cli, "operator", hex);
	cli_put_text(cli, "platform", platform_kind_name(e->platform.kind));
	cli_say(cli, "%s: %s, reached at %s\n  operator     %s\n", dir, e->name, e->url, hex);
	sr_hex_encode(hex, e->identity.measurement.b, 32);
	cli_put_text(cli, "measurement", hex);
	cli_say(cli,
	    "  measurement  %s\n  platform     %s\n"
	    "the operator's key (%s/operator.key) is needed to join and to leave: keep a copy\n"
	    "next: strongroom node join %s\n",
	    hex, platform_kind_name(e->platform.kind), dir, dir);
}

static enum cli_exit run_init(struct cli *cli)
{
	const char *dir = cli->args[0];
	struct node_entry e;
	struct key *operator_key = NULL;
	enum cli_exit rc = CLI_DONE;

	if (!entry_given(cli, dir, &e))
		return CLI_USAGE;
	if (mkdir(dir, 0700) != 0)
		return errno == EEXIST
		    ? cli_fail(cli, SR_ERR_IN_USE, "%s is there already; nothing was changed", dir)
		    : cli_usage(cli, errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO, "making %s",
			  dir);
	rc = genesis_copy(cli, dir);
	if (rc == CLI_DONE)
		rc = node_identity_make(cli, dir, &e.identity);
	if (rc == CLI_DONE)
		rc = node_https_make(cli, dir, &e.pin);
	if (rc == CLI_DONE && cli_value(cli, "operator-key") != NULL)
		rc = node_operator_open(cli, cli_value(cli, "operator-key"), NULL, &operator_key);
	else if (rc == CLI_DONE)
		rc = node_operator_make(cli, dir, &operator_key);
	if (rc == CLI_DONE)
		rc = node_entry_write(cli, dir, &e);
	if (rc == CLI_DONE)
		init_say(cli, dir, &e, operator_key);
	else
		rmdir(dir);              /* only when nothing is in it yet */
	key_free(operator_key);
	return rc;
}

/* --- join --- */

static enum cli_exit run_join(struct cli *cli)
{
	struct node_joining j = { .dir = cli->args[0], .via = cli_value(cli, "via"),
		.checkpoint = cli->checkpoint, .genesis = "genesis",
		.operator_key = cli_value(cli, "operator-key"),
		.start = !cli_has(cli, "no-start"), .wait = !cli_has(cli, "no-wait") };

	return node_join(cli, &j);
}

/* --- which member --- */

struct node_run {
	struct client *c;
	struct key *operator_key;
	struct client_roster *roster;
	uint32_t seat;
	uint64_t began_ms, until_ms;     /* monotonic */
};

static void node_run_end(struct node_run *r)
{
	client_close(r->c);
	key_free(r->operator_key);
	free(r->roster);
}

static enum cli_exit node_run_begin(struct cli *cli, struct node_run *r, bool with_key)
{
	const char *dir = cli->args_n > 0 ? cli->args[0] : NULL;
	enum cli_exit rc;

	*r = (struct node_run){ .roster = calloc(1, sizeof *r->roster),
		.began_ms = cli_monotonic_ms() };
	SR_ASSERT(r->roster != NULL);
	r->until_ms = r->began_ms + (cli_has(cli, "timeout") ? cli->timeout_ms : WAIT_MS);
	rc = with_key ? node_operator_open(cli, cli_value(cli, "operator-key"), dir,
			    &r->operator_key)
		      : CLI_DONE;
	if (rc == CLI_DONE)
		rc = node_client_open(cli, settings_cluster(cli) == NULL ? dir : NULL,
		    cli_value(cli, "via"), &r->c);
	return rc;
}

/* --seat, --name, or the one member of this operator. */
static enum cli_exit member_choose(struct cli *cli, struct node_run *r)
{
	const struct epoch_record *now = r->c->epoch;
	const char *seat = cli_value(cli, "seat"), *name = cli_value(cli, "name");
	uint32_t found = 0;
	uint64_t number = 0;

	if (seat != NULL && !cli_number(cli, &number, "--seat", seat, 0, SR_MEMBERS_MAX - 1))
		return CLI_USAGE;
	for (uint32_t i = 0; i < now->n; i++) {
		const struct epoch_member *m = &now->members[i];
		bool is = seat != NULL ? m->seat == number
		    : name != NULL     ? m->name_n == strlen(name)
				    && memcmp(m->name, name, m->name_n) == 0
				       : memcmp(m->operator_key.b,
					     r->operator_key->account.b, 32) == 0;

		if (!is)
			continue;
		r->seat = m->seat;
		found++;
	}
	if (found == 1)
		return CLI_DONE;
	return cli_usage(cli, found == 0 ? SR_ERR_NOT_A_MEMBER : SR_ERR_DUPLICATE,
	    found == 0 ? "no member of epoch %llu is that"
		       : "more than one member of epoch %llu is that; give --seat",
	    (unsigned long long)now->epoch);
}

/* False: the time is over. */
static bool look_again(struct cli *cli, const struct node_run *r)
{
	if (cli_monotonic_ms() >= r->until_ms)
		return false;
	cli_pause_ms(LOOK_MS);
	cli->started_ms = cli_monotonic_ms();
	return true;
}

static void took_say(struct cli *cli, const struct node_run *r, const char *what)
{
	uint64_t ms = cli_monotonic_ms() - r->began_ms;

	cli_put_number(cli, "epoch", r->c->epoch->epoch);
	cli_put_number(cli, "members", r->c->epoch->n);
	cli_put_number(cli, "ms", ms);
	cli_say(cli, "%s: epoch %llu, %u members, after %.2f s\n", what,
	    (unsigned long long)r->c->epoch->epoch, r->c->epoch->n, (double)ms / 1000);
}

/* --- leave --- */

static enum sr_error seat_fill(void *ctx, struct client *c, struct sr_writer *body)
{
	const struct node_run *r = ctx;

	(void)c;
	sr_write_u32(body, r->seat);
	return body->error;
}

static bool leaves_already(struct node_run *r)
{
	const struct client_roster_member *m;

	if (epoch_record_seat(r->c->epoch, r->seat) == EPOCH_NOBODY)
		return true;
	if (roster_fetch(r->c, r->roster) != SR_OK)
		return false;
	m = roster_member_of(r->roster, r->seat);
	return m != NULL && (m->flags & ~(unsigned)CLIENT_MEMBER_DUE) != 0;
}

static enum cli_exit leave_wait(struct cli *cli, struct node_run *r, const struct sr_edpk *id_key)
{
	do {
		if (client_trail_fetch(r->c) == SR_OK
		    && epoch_record_id(r->c->epoch, id_key) == EPOCH_NOBODY) {
			took_say(cli, r, "it has left");
			return CLI_DONE;
		}
	} while (look_again(cli, r));
	return cli_fail(cli, SR_ERR_TIMED_OUT, "it is still a member; the change goes on");
}

static enum cli_exit leave(struct cli *cli, struct node_run *r)
{
	struct roster_ask ask = { .kind = CLIENT_OP_LEAVE, .fill = seat_fill, .ctx = r };
	struct sr_edpk id_key;
	enum sr_error error;
	enum cli_exit rc = member_choose(cli, r);

	if (rc != CLI_DONE)
		return rc;
	id_key = r->c->epoch->members[epoch_record_seat(r->c->epoch, r->seat)].id_key;
	cli_put_number(cli, "seat", r->seat);
	error = roster_ask(r->c, r->operator_key, &ask);
	if (error != SR_OK)
		return client_fail(r->c, error, "asking to leave");
	if (ask.code != SR_OK && (ask.code != SR_ERR_CHANGE_PENDING || !leaves_already(r))) {
		cli_fail(cli, ask.code, "asking to leave");
		return CLI_REFUSED;
	}
	if (!cli_has(cli, "no-wait"))
		return leave_wait(cli, r, &id_key);
	cli_say(cli, "it leaves with the next epoch; until then it must go on running\n");
	return CLI_DONE;
}

static enum cli_exit run_leave(struct cli *cli)
{
	struct node_run r;
	enum cli_exit rc = node_run_begin(cli, &r, true);

	if (rc == CLI_DONE)
		rc = leave(cli, &r);
	node_run_end(&r);
	return rc;
}

/* --- refresh --- */

static enum cli_exit refresh(struct cli *cli, struct node_run *r)
{
	struct roster_ask ask = { .kind = CLIENT_OP_REFRESH };
	uint64_t before = r->c->epoch->epoch;
	enum cli_exit rc = roster_ask_say(r->c, r->operator_key, &ask, "asking for a new epoch");

	if (rc != CLI_DONE)
		return rc;
	if (cli_has(cli, "no-wait")) {
		cli_say(cli, "asked; the members deal the shares of a new epoch\n");
		return CLI_DONE;
	}
	do {
		if (client_trail_fetch(r->c) == SR_OK && r->c->epoch->epoch > before) {
			took_say(cli, r, "every share is new");
			return CLI_DONE;
		}
	} while (look_again(cli, r));
	return cli_fail(cli, SR_ERR_TIMED_OUT, "there is no new epoch yet; the change goes on");
}

static enum cli_exit run_refresh(struct cli *cli)
{
	struct node_run r;
	enum cli_exit rc = node_run_begin(cli, &r, true);

	if (rc == CLI_DONE)
		rc = refresh(cli, &r);
	node_run_end(&r);
	return rc;
}

/* --- reattest --- */

struct reattesting { struct cli *cli; struct node_run *run; const struct node_entry *entry; };

static enum sr_error reattest_fill(void *ctx, struct client *c, struct sr_writer *body)
{
	struct reattesting *a = ctx;
	uint32_t index = epoch_record_seat(c->epoch, a->run->seat);
	const struct epoch_member *m;
	struct sr_hash32 nonce = epoch_record_nonce(c->epoch, c->genesis);
	uint8_t report_data[64];
	struct sr_writer evidence;
	enum cli_exit rc;

	if (index == EPOCH_NOBODY)
		return SR_ERR_NOT_A_MEMBER;
	m = &c->epoch->members[index];
	genesis_report_data(report_data, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &nonce);
	sr_writer_init(&evidence, GENESIS_EVIDENCE_MAX);
	rc = node_evidence(a->cli, &evidence, &a->entry->platform, a->run->operator_key,
	    &a->entry->identity.measurement, report_data);
	if (rc == CLI_DONE) {
		sr_write_u32(body, a->run->seat);
		sr_write_blob(body, evidence.p, evidence.n);
	}
	sr_writer_clear(&evidence);
	return rc == CLI_DONE ? body->error : SR_ERR_PLATFORM;
}

/* before: how it stood when this began. */
static enum cli_exit reattest_wait(struct cli *cli, struct node_run *r,
    const struct client_roster_member *before)
{
	const struct client_roster_member *m;

	do {
		if (roster_fetch(r->c, r->roster) != SR_OK)
			continue;
		m = roster_member_of(r->roster, r->seat);
		if (m != NULL && m->verified_ms > before->verified_ms) {
			took_say(cli, r, "the members accepted it");
			return CLI_DONE;
		}
		if (m != NULL && m->code != before->code && m->code != SR_OK &&
		    m->code != SR_ERR_EVIDENCE_LAPSED) {
			cli_fail(cli, m->code, "the members did not accept it");
			return CLI_REFUSED;
		}
	} while (look_again(cli, r));
	return cli_fail(cli, SR_ERR_TIMED_OUT, "the members have not accepted it yet");
}

/* Whose directory it is, whoever brings the evidence. */
static enum cli_exit reattest_choose(struct cli *cli, struct node_run *r,
    const struct node_entry *entry)
{
	uint32_t index = epoch_record_id(r->c->epoch, &entry->identity.id_key);

	if (cli_has(cli, "seat") || cli_has(cli, "name"))
		return member_choose(cli, r);
	if (index == EPOCH_NOBODY)
		return cli_usage(cli, SR_ERR_NOT_A_MEMBER, "%s is no member of epoch %llu",
		    entry->name, (unsigned long long)r->c->epoch->epoch);
	r->seat = r->c->epoch->members[index].seat;
	return CLI_DONE;
}

static enum cli_exit reattest(struct cli *cli, struct node_run *r, const struct node_entry *entry)
{
	struct reattesting a = { cli, r, entry };
	struct roster_ask ask = { .kind = CLIENT_OP_REATTEST, .fill = reattest_fill, .ctx = &a };
	struct client_roster_member before = { .seat = 0 };
	const struct client_roster_member *m;
	enum cli_exit rc = reattest_choose(cli, r, entry);
	enum sr_error error;

	if (rc != CLI_DONE)
		return rc;
	error = roster_fetch(r->c, r->roster);
	if (error != SR_OK)
		return client_fail(r->c, error, "asking for the roster");
	m = roster_member_of(r->roster, r->seat);
	if (m != NULL)
		before = *m;
	error = roster_ask(r->c, r->operator_key, &ask);
	if (cli->failed)
		return CLI_REFUSED;      /* the evidence; said already */
	if (error != SR_OK)
		return client_fail(r->c, error, "bringing new evidence");
	if (ask.code != SR_OK && ask.code != SR_ERR_CHANGE_PENDING) {
		cli_fail(cli, ask.code, "bringing new evidence");
		return CLI_REFUSED;
	}
	return cli_has(cli, "no-wait") ? CLI_DONE : reattest_wait(cli, r, &before);
}

static enum cli_exit run_reattest(struct cli *cli)
{
	struct node_entry entry;
	struct node_run r = { .c = NULL };
	enum cli_exit rc = node_entry_read(cli, cli->args[0], &entry);

	if (rc == CLI_DONE)
		rc = node_run_begin(cli, &r, true);
	if (rc == CLI_DONE)
		rc = reattest(cli, &r, &entry);
	node_run_end(&r);
	return rc;
}

/* --- list --- */

static void warnings_text(char *out, size_t n, const struct client_roster_member *m)
{
	static const struct { uint32_t flag; const char *text; } names[] = {
		{ CLIENT_MEMBER_DUE, "evidence due" }, { CLIENT_MEMBER_LEAVES, "leaves" },
		{ CLIENT_MEMBER_FAULTY, "lied" }, { CLIENT_MEMBER_LAPSED, "evidence lapsed" },
		{ CLIENT_MEMBER_SILENT, "silent" },
	};

	out[0] = '\0';
	for (size_t i = 0; m != NULL && i < sizeof names / sizeof names[0]; i++)
		if ((m->flags & names[i].flag) != 0)
			snprintf(out + strlen(out), n - strlen(out), "%s%s",
			    out[0] != '\0' ? ", " : "", names[i].text);
	if (m != NULL && m->code != SR_OK)
		snprintf(out + strlen(out), n - strlen(out), " (%s)",
		    sr_error_name((unsigned)m->code));
}

static void facts_put(struct cli *cli, struct cli_table *table, bool have,
    const struct attest_facts *f)
{
	cli_table_cell(table, "%s", have ? attest_kind_name(f->kind) : "-");
	cli_table_cell(table, "%s", have ? attest_status_name(f->status) : "-");
	if (!have)
		return;
	cli_put_text(cli, "attestation", attest_kind_name(f->kind));
	cli_put_text(cli, "status", attest_status_name(f->status));
	cli_put_hex(cli, "measurement", f->measurement, f->measurement_n);
}

static void member_row(struct cli *cli, struct cli_table *table, const struct epoch_member *who,
    const struct client_roster *roster)
{
	const struct client_roster_member *m = roster_member_of(roster, who->seat);
	char name[SR_NAME_MAX + 1], hex[65], age[CLI_TIME_TEXT] = "-", warnings[160];

	cli_name_text(name, (struct sr_bytes){ who->name, who->name_n });
	sr_hex_encode(hex, who->operator_key.b, 32);
	warnings_text(warnings, sizeof warnings, m);
	cli_list_item(cli);
	cli_put_number(cli, "seat", who->seat);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "operator", hex);
	cli_put_text(cli, "url", who->url);
	cli_table_cell(table, "%u", who->seat);
	cli_table_cell(table, "%s", name);
	cli_table_cell(table, "%.16s...", hex);
	facts_put(cli, table, m != NULL && m->has_facts, m != NULL ? &m->facts : NULL);
	if (m != NULL && m->verified_ms != 0 && roster->time_ms >= m->verified_ms) {
		cli_duration_text(age, roster->time_ms - m->verified_ms);
		cli_put_number(cli, "age_ms", roster->time_ms - m->verified_ms);
	}
	if (m != NULL)
		cli_put_number(cli, "since_epoch", m->since_epoch);
	cli_put_text(cli, "warnings", warnings);
	cli_table_cell(table, "%s", age);
	cli_table_cell(table, "%s", warnings);
}

static void candidate_row(struct cli *cli, const struct client_roster_candidate *c)
{
	static const char *const states[] = { "?", "waiting", "admitted", "refused" };
	char name[SR_NAME_MAX + 1], hex[65];

	cli_name_text(name, (struct sr_bytes){ c->who.name, c->who.name_n });
	sr_hex_encode(hex, c->who.operator_key.b, 32);
	cli_list_item(cli);
	cli_put_number(cli, "seat", c->who.seat);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "operator", hex);
	cli_put_text(cli, "url", c->who.url);
	cli_put_text(cli, "state", states[c->state]);
	cli_say(cli, "  %s (seat %u, operator %.16s...) %s", name, c->who.seat, hex,
	    states[c->state]);
	if (c->state == CLIENT_CANDIDATE_REFUSED) {
		cli_put_text(cli, "why", sr_error_name((unsigned)c->code));
		cli_say(cli, ": %s (%s)", sr_error_message((unsigned)c->code),
		    sr_error_name((unsigned)c->code));
	}
	cli_say(cli, "\n");
}

static void change_say(struct cli *cli, const struct client_roster *r)
{
	if (!r->changing)
		return;
	cli_object_begin(cli, "change");
	cli_put_number(cli, "target", r->change.target);
	cli_put_number(cli, "attempt", r->change.attempt);
	cli_put_number(cli, "members", r->change.n);
	cli_put_number(cli, "dealt", r->change.dealt);
	cli_put_number(cli, "accepted", r->change.acked);
	cli_object_end(cli);
	cli_say(cli, "epoch %llu with %u members is made: %u have dealt, %u accepted\n",
	    (unsigned long long)r->change.target, r->change.n, r->change.dealt, r->change.acked);
}

static void list_say(struct cli *cli, const struct client *c, const struct client_roster *r)
{
	static const char *const head[] = { "SEAT", "NAME", "OPERATOR", "EVIDENCE", "STATUS", "AGE",
		"WARNINGS" };
	struct cli_table table;

	cli_put_number(cli, "epoch", c->epoch->epoch);
	cli_put_number(cli, "threshold", c->epoch->threshold);
	cli_put_number(cli, "quorum", consensus_quorum(c->epoch->n));
	cli_put_number(cli, "policy", r->policy.number);
	cli_say(cli, "epoch %llu: %u decide, %u shares open a secret; policy %llu\n",
	    (unsigned long long)c->epoch->epoch, consensus_quorum(c->epoch->n),
	    c->epoch->threshold, (unsigned long long)r->policy.number);
	cli_table_init(&table, 7);
	for (unsigned i = 0; i < 7; i++)
		cli_table_cell(&table, "%s", head[i]);
	cli_list_begin(cli, "members");
	for (uint32_t i = 0; i < c->epoch->n; i++)
		member_row(cli, &table, &c->epoch->members[i], r);
	cli_list_end(cli);
	cli_table_print(cli, &table);
	change_say(cli, r);
	if (r->candidates_n > 0)
		cli_say(cli, "candidates:\n");
	cli_list_begin(cli, "candidates");
	for (uint32_t i = 0; i < r->candidates_n; i++)
		candidate_row(cli, &r->candidates[i]);
	cli_list_end(cli);
}

static enum cli_exit run_list(struct cli *cli)
{
	struct node_run r;
	enum sr_error error;
	enum cli_exit rc = node_run_begin(cli, &r, false);

	if (rc == CLI_DONE) {
		error = roster_fetch(r.c, r.roster);
		if (error == SR_OK)
			list_say(cli, r.c, r.roster);
		else
			rc = client_fail(r.c, error, "asking for the roster");
	}
	node_run_end(&r);
	return rc;
}

/* --- checkpoint --- */

static enum cli_exit run_checkpoint(struct cli *cli)
{
	char text[ROSTER_POINT_TEXT];
	struct client *c;
	enum cli_exit rc = client_connect(cli, &c);

	if (rc != CLI_DONE)
		return rc;
	roster_point_text(text, c->epoch);
	cli_put_text(cli, "checkpoint", text);
	cli_put_number(cli, "epoch", c->epoch->epoch);
	cli_say(cli, "%s\n", text);
	client_close(c);
	return CLI_DONE;
}

/* --- the tables --- */

#define OPTION_OPERATOR                                                                            \
	{ "operator-key", "FILE", "the operator's key (default: DIR/operator.key)", false }
#define OPTION_VIA                                                                                 \
	{ "via", "WHERE", "the cluster: its directory, or any node's https:// URL", false }
#define OPTION_NO_WAIT { "no-wait", NULL, "do not wait until it has happened", false }
#define OPTION_SEAT { "seat", "N", "the member on this seat", false }
#define OPTION_NAME { "name", "NAME", "the member of this name", false }
#define OPTION_END { NULL, NULL, NULL, false }

static const struct cli_option options_init[] = {
	{ "genesis", "FILE", "the cluster's genesis file: where this node belongs", false },
	{ "url", "URL", "https://HOST:PORT, where clients reach it", false },
	{ "link", "URL", "tcp://HOST:PORT, where other members reach it", false },
	{ "name", "NAME", "its name in the roster (default: the directory's)", false },
	{ "rpc-listen", "IP:PORT", "where it listens (default: as in --url, or all)", false },
	{ "link-listen", "IP:PORT", "the same for --link", false },
	{ "platform", "KIND", "software, tpm, tsm or gramine (default: software)", false },
	{ "tcti", "TCTI", "tpm: device:/dev/tpmrm0 or swtpm:host=127.0.0.1,port=2321", false },
	{ "collateral", "DIR", "certificates and collateral of the platform", false },
	{ "vouchers", "DIR", "tpm: what provisioners signed", false },
	{ "operator-key", "FILE", "an operator's key that is there already", false },
	OPTION_END,
};
static const struct cli_option options_join[] = {
	OPTION_VIA,
	OPTION_OPERATOR,
	{ "no-start", NULL, "only write its files; says how to start it", false },
	{ "no-wait", NULL, "do not wait until it is a member", false },
	OPTION_END,
};
static const struct cli_option options_leave[] = { OPTION_SEAT, OPTION_NAME, OPTION_OPERATOR,
	OPTION_VIA, OPTION_NO_WAIT, OPTION_END };
static const struct cli_option options_refresh[] = { OPTION_OPERATOR, OPTION_VIA, OPTION_NO_WAIT,
	OPTION_END };
static const struct cli_option options_reattest[] = { OPTION_SEAT, OPTION_OPERATOR, OPTION_VIA,
	OPTION_NO_WAIT, OPTION_END };
static const struct cli_option options_list[] = { OPTION_VIA, OPTION_END };

const struct cli_command cli_commands_node[] = {
	{ "node", "init", "DIR", "make a node's keys and files",
	    "Nothing leaves the machine; strongroom node join presents it to the cluster.\n", 1, 1,
	    options_init, run_init },
	{ "node", "join", "DIR", "bring it into the cluster, step by step",
	    "May be given again after an interruption: it goes on where it stopped.\n", 1, 1,
	    options_join, run_join },
	{ "node", "leave", "[DIR]", "let a member go; it wipes its keys",
	    "It must go on running until the next epoch has begun.\n", 0, 1, options_leave,
	    run_leave },
	{ "node", "refresh", "[DIR]", "a new epoch now: every share is dealt again", NULL, 0, 1,
	    options_refresh, run_refresh },
	{ "node", "reattest", "DIR", "bring new evidence of its machine", NULL, 1, 1,
	    options_reattest, run_reattest },
	{ "node", "list", "", "members, candidates, and how their evidence stands", NULL, 0, 0,
	    options_list, run_list },
	{ 0 },
};

const struct cli_command cli_commands_checkpoint[] = {
	{ "checkpoint", "", "", "a point of the epoch trail for others to pin", NULL, 0, 0, NULL,
	    run_checkpoint },
	{ 0 },
};
