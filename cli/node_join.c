#include "cli/node_join.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cluster.h"
#include "cli/io.h"

#define LOOK_MS 200u
#define WAIT_MS 900000u

/* --- who and where --- */

enum cli_exit node_operator_open(
    struct cli *cli, const char *file, const char *dir, struct key **out)
{
	char path[CLI_PATH_MAX];
	const char *why = NULL;
	enum sr_error error = SR_OK;
	enum cli_exit rc = CLI_DONE;

	*out = NULL;
	if (file != NULL)
		error = keyfile_path(cli, path, file);
	else if (dir != NULL)
		rc = node_path_of(cli, path, dir, "operator.key");
	else
		return cli_usage(cli, SR_ERR_USAGE,
		    "whose operator? give --operator-key FILE, or the node's directory");
	if (rc != CLI_DONE)
		return rc;
	if (error == SR_OK)
		error = keyfile_read(out, &why, path);
	if (error == SR_OK && (*out)->account.kind != VAULT_ACCOUNT_ED25519)
		error = SR_ERR_BAD_KIND;
	if (error == SR_OK)
		return CLI_DONE;
	key_free(*out);
	*out = NULL;
	return cli_usage(cli, error, "the operator's key %s%s%s", path, why != NULL ? ": " : "",
	    why != NULL ? why : "");
}

static bool is_url(const char *via)
{
	return strncmp(via, "https://", 8) == 0;
}

enum cli_exit node_client_open(
    struct cli *cli, const char *dir, const char *via, struct client **out)
{
	enum sr_error error = SR_OK;
	enum cli_exit rc;

	*out = NULL;
	if (via != NULL && !is_url(via))
		cli->cluster = via;
	else if (dir != NULL)
		cli->cluster = dir;
	rc = client_open(cli, out);
	if (rc != CLI_DONE)
		return rc;
	if (via != NULL && is_url(via))
		error = client_trail_from(*out, via);
	if (error == SR_OK)
		error = client_trail_fetch(*out);
	rc = client_node_check(*out);
	if (error == SR_OK && (*out)->epoch->epoch == 0)
		error = SR_ERR_NOT_READY;
	if (rc == CLI_DONE && error != SR_OK)
		rc = client_trail_fail(*out, error);
	if (rc != CLI_DONE) {
		client_close(*out);
		*out = NULL;
	}
	return rc;
}

/* --- the way --- */

struct joining {
	struct cli *cli;
	struct client *c;
	struct node_joining *want;
	struct node_entry entry;
	struct key *operator_key;
	struct client_roster *roster;
	uint64_t until_ms, step_ms;      /* monotonic */
	pid_t pid;
	char shown[96];                  /* the last line of progress */
};

static void step_begin(struct joining *j)
{
	j->step_ms = cli_monotonic_ms();
	j->cli->started_ms = j->step_ms;
}

__attribute__((format(printf, 3, 4))) static void step_end(
    struct joining *j, const char *name, const char *format, ...)
{
	uint64_t took = cli_monotonic_ms() - j->step_ms;
	char text[192];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	cli_list_item(j->cli);
	cli_put_text(j->cli, "step", name);
	cli_put_number(j->cli, "ms", took);
	cli_put_text(j->cli, "text", text);
	cli_say(j->cli, "  %-10s %6.2f s  %s\n", name, (double)took / 1000, text);
	j->shown[0] = '\0';
	step_begin(j);
}

/* Only when it says something new. */
static void progress(struct joining *j, const char *text)
{
	if (strcmp(j->shown, text) == 0)
		return;
	snprintf(j->shown, sizeof j->shown, "%s", text);
	cli_say(j->cli, "             %6.2f s  %s\n",
	    (double)(cli_monotonic_ms() - j->step_ms) / 1000, text);
	fflush(stdout);
}

/* False: the time is over. */
static bool look_again(struct joining *j)
{
	if (cli_monotonic_ms() >= j->until_ms)
		return false;
	cli_pause_ms(LOOK_MS);
	j->cli->started_ms = cli_monotonic_ms();
	return true;
}

static uint32_t index_now(const struct joining *j)
{
	return epoch_record_id(j->c->epoch, &j->entry.identity.id_key);
}

/* --- 1: the trail --- */

/* A directory of its own pins its cluster: --via must not lead to another one. */
static enum cli_exit same_cluster(struct joining *j)
{
	char path[CLI_PATH_MAX];
	struct genesis *g;
	uint8_t *bytes = NULL;
	size_t n = 0;
	enum sr_error error;
	enum cli_exit rc = node_path_of(j->cli, path, j->want->dir, "genesis");

	if (rc != CLI_DONE)
		return rc;
	error = io_load(&bytes, &n, path, GENESIS_FILE_MAX);
	if (error == SR_ERR_NOT_FOUND)
		return CLI_DONE;
	g = calloc(1, sizeof *g);
	SR_ASSERT(g != NULL);
	if (error == SR_OK)
		error = genesis_decode(g, bytes, n);
	if (error == SR_OK && !sr_hash32_equal(&g->chain_id, &j->c->genesis->chain_id))
		error = SR_ERR_WRONG_CHAIN;
	free(g);
	free(bytes);
	return error == SR_OK ? CLI_DONE : cli_usage(j->cli, error, "%s", path);
}

static enum cli_exit trail_step(struct joining *j)
{
	enum sr_error error;
	enum cli_exit rc = node_client_open(j->cli, j->want->dir, j->want->via, &j->c);

	if (rc == CLI_DONE)
		rc = same_cluster(j);
	if (rc != CLI_DONE)
		return rc;
	if (j->want->checkpoint != NULL) {
		error = roster_point_check(j->c, j->want->checkpoint);
		if (error == SR_ERR_BAD_HASH)
			error = SR_ERR_CHECKPOINT_OTHER;
		if (error != SR_OK)
			return cli_fail(
			    j->cli, error, "the checkpoint %s", j->want->checkpoint);
	}
	step_end(j, "trail", "epoch %llu, %u members%s", (unsigned long long)j->c->epoch->epoch,
	    j->c->epoch->n, j->want->checkpoint != NULL ? ", through the checkpoint" : "");
	return CLI_DONE;
}

/* --- 2: the operation --- */

static enum cli_exit entry_make(
    struct joining *j, struct genesis_member *m, struct sr_writer *evidence)
{
	const struct genesis_identity *identity = &j->entry.identity;
	struct sr_hash32 nonce = epoch_record_nonce(j->c->epoch, j->c->genesis);
	uint8_t report_data[64];
	enum cli_exit rc;

	memset(m, 0, sizeof *m);
	m->name_n = strlen(j->entry.name);
	memcpy(m->name, j->entry.name, m->name_n);
	memcpy(m->operator_key.b, j->operator_key->account.b, sizeof m->operator_key.b);
	m->id_key = identity->id_key;
	m->vote_key = identity->vote_key;
	memcpy(m->box_key, identity->box_key, sizeof m->box_key);
	memcpy(m->url, j->entry.url, sizeof m->url);
	memcpy(m->link, j->entry.link, sizeof m->link);
	m->url_pin = j->entry.pin;
	genesis_report_data(report_data, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &nonce);
	rc = node_evidence(j->cli, evidence, &j->entry.platform, j->operator_key,
	    &identity->measurement, report_data);
	m->evidence = (struct sr_bytes){ evidence->p, evidence->n };
	if (rc == CLI_DONE)
		genesis_member_sign(m, &nonce, &j->operator_key->ed);
	return rc;
}

static enum sr_error join_fill(void *ctx, struct client *c, struct sr_writer *body)
{
	struct joining *j = ctx;
	struct genesis_member m;
	struct sr_writer evidence;
	enum cli_exit rc;

	(void)c;
	sr_writer_init(&evidence, GENESIS_EVIDENCE_MAX);
	rc = entry_make(j, &m, &evidence);
	if (rc == CLI_DONE)
		genesis_member_write(body, &m);
	sr_writer_clear(&evidence);
	return rc == CLI_DONE ? body->error : SR_ERR_PLATFORM;
}

/* Is it known to the cluster already: a candidate that is not refused, or a member? */
static enum sr_error known_already(struct joining *j, bool *known)
{
	const struct client_roster_candidate *c;

	*known = index_now(j) != EPOCH_NOBODY;
	if (*known)
		return SR_OK;
	SR_TRY(roster_fetch(j->c, j->roster));
	c = roster_candidate_of(j->roster, &j->entry.identity.id_key);
	*known = c != NULL && c->state != CLIENT_CANDIDATE_REFUSED;
	return SR_OK;
}

static enum cli_exit join_step(struct joining *j)
{
	struct roster_ask ask = { .kind = CLIENT_OP_JOIN, .fill = join_fill, .ctx = j };
	bool known = false;
	enum sr_error error = known_already(j, &known);

	if (error != SR_OK)
		return client_fail(j->c, error, "asking for the roster");
	if (known) {
		step_end(j, "join", "asked already");
		return CLI_DONE;
	}
	error = roster_ask(j->c, j->operator_key, &ask);
	if (j->cli->failed)
		return CLI_REFUSED;      /* the evidence; said already */
	if (error != SR_OK)
		return client_fail(j->c, error, "asking to join");
	/* An answer may have been lost, or an earlier form counted. */
	if (ask.code != SR_OK && known_already(j, &known) == SR_OK && known)
		ask.code = SR_OK;
	if (ask.code != SR_OK) {
		cli_fail(j->cli, ask.code, "asking to join");
		return CLI_REFUSED;
	}
	step_end(j, "join", "final in block %llu", (unsigned long long)ask.height);
	return CLI_DONE;
}

/* --- 3: admission --- */

static enum cli_exit admission_step(struct joining *j)
{
	const struct client_roster_candidate *c = NULL;
	enum sr_error error;

	do {
		if (client_trail_fetch(j->c) == SR_OK && index_now(j) != EPOCH_NOBODY)
			break;
		error = roster_fetch(j->c, j->roster);
		if (error != SR_OK)
			continue;
		c = roster_candidate_of(j->roster, &j->entry.identity.id_key);
		if (c != NULL && c->state == CLIENT_CANDIDATE_REFUSED) {
			cli_fail(j->cli, c->code, "the cluster refused this node");
			return CLI_REFUSED;
		}
		if (c != NULL && c->state == CLIENT_CANDIDATE_ADMITTED)
			break;
		progress(j, c != NULL ? "the members verify its evidence"
				      : "no member knows of it yet");
	} while (look_again(j));
	if (index_now(j) != EPOCH_NOBODY) {
		j->want->seat = j->c->epoch->members[index_now(j)].seat;
	} else if (c != NULL && c->state == CLIENT_CANDIDATE_ADMITTED) {
		j->want->seat = c->who.seat;
	} else {
		return cli_fail(j->cli, SR_ERR_TIMED_OUT, "the members did not decide in time");
	}
	step_end(j, "admission", "seat %u", j->want->seat);
	return CLI_DONE;
}

/* --- 4: its first start --- */

static enum cli_exit files_step(struct joining *j)
{
	char point[ROSTER_POINT_TEXT], comment[160];
	const struct node_config config = { .comment = comment, .genesis = j->want->genesis,
		.seat = j->want->seat, .rpc_listen = j->entry.rpc_listen,
		.link_listen = j->entry.link_listen, .trail = "join.trail", .checkpoint = point,
		.platform = &j->entry.platform };
	struct sr_writer trail;
	enum sr_error error;
	enum cli_exit rc;

	/* What was verified here is what its enclave must find. */
	roster_point_text(point, j->c->epoch);
	snprintf(comment, sizeof comment, "Node %s; made by strongroom node join.", j->entry.name);
	sr_writer_init(&trail, CLIENT_TRAIL_BYTES_MAX);
	error = client_trail_cut(&trail, j->c, j->c->epoch->epoch);
	rc = error == SR_OK
	    ? node_file_write(j->cli, j->want->dir, "join.trail", trail.p, trail.n, 0644)
	    : cli_fail(j->cli, error, "fetching the trail");
	sr_writer_clear(&trail);
	return rc == CLI_DONE ? node_config_write(j->cli, j->want->dir, &config) : rc;
}

static enum cli_exit start_step(struct joining *j)
{
	enum sr_error error;
	enum cli_exit rc = CLI_DONE;

	if (node_pid(j->want->dir) != 0) {
		step_end(j, "start", "it runs already, as process %ld",
		    (long)node_pid(j->want->dir));
		return CLI_DONE;
	}
	rc = files_step(j);
	if (rc != CLI_DONE)
		return rc;
	if (!j->want->start) {
		step_end(j, "start", "strongroomd --config %.120s/strongroomd.yaml", j->want->dir);
		return CLI_DONE;
	}
	error = node_spawn(j->want->dir, &j->pid);
	if (error != SR_OK)
		return cli_fail(j->cli, error, "starting the node");
	step_end(j, "start", "process %ld", (long)j->pid);
	return CLI_DONE;
}

/* --- 5: a member --- */

static enum cli_exit still_alive(struct joining *j)
{
	int status;

	if (j->pid == 0 || waitpid(j->pid, &status, WNOHANG) != j->pid)
		return CLI_DONE;
	node_log_tail(j->want->dir);
	j->pid = 0;
	return cli_fail(j->cli, SR_ERR_NOT_READY, "the node ended with status %d",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void change_progress(struct joining *j)
{
	const struct client_roster *r = j->roster;
	char text[96];

	if (!r->changing)
		snprintf(text, sizeof text, "it follows; the next change is awaited");
	else
		snprintf(text, sizeof text, "epoch %llu is made: %u have dealt, %u of %u accepted",
		    (unsigned long long)r->change.target, r->change.dealt, r->change.acked,
		    r->change.n);
	progress(j, text);
}

static enum cli_exit refused_after_all(struct joining *j)
{
	const struct client_roster_candidate *c =
	    roster_candidate_of(j->roster, &j->entry.identity.id_key);

	if (c == NULL || c->state != CLIENT_CANDIDATE_REFUSED)
		return CLI_DONE;
	cli_fail(j->cli, c->code, "the cluster refused this node");
	return CLI_REFUSED;
}

static enum cli_exit member_step(struct joining *j)
{
	enum cli_exit rc;

	while (index_now(j) == EPOCH_NOBODY) {
		rc = still_alive(j);
		if (rc != CLI_DONE)
			return rc;
		if (client_trail_fetch(j->c) == SR_OK && index_now(j) != EPOCH_NOBODY)
			break;
		if (roster_fetch(j->c, j->roster) == SR_OK) {
			rc = refused_after_all(j);
			if (rc != CLI_DONE)
				return rc;
			change_progress(j);
		}
		if (!look_again(j))
			return cli_fail(j->cli, SR_ERR_TIMED_OUT,
			    "it is no member yet; it goes on running (see its log)");
	}
	j->want->seat = j->c->epoch->members[index_now(j)].seat;
	j->want->epoch = j->c->epoch->epoch;
	step_end(j, "member", "since epoch %llu, on seat %u of %u members",
	    (unsigned long long)j->want->epoch, j->want->seat, j->c->epoch->n);
	return CLI_DONE;
}

static enum cli_exit run(struct joining *j)
{
	enum cli_exit rc = trail_step(j);

	if (rc == CLI_DONE)
		rc = join_step(j);
	if (rc == CLI_DONE)
		rc = admission_step(j);
	if (rc == CLI_DONE)
		rc = start_step(j);
	if (rc == CLI_DONE && j->want->start && j->want->wait)
		rc = member_step(j);
	return rc;
}

enum cli_exit node_join(struct cli *cli, struct node_joining *want)
{
	struct joining j = { .cli = cli, .want = want, .roster = calloc(1, sizeof *j.roster) };
	uint64_t started = cli_monotonic_ms(),
		 limit = cli_has(cli, "timeout") ? cli->timeout_ms : WAIT_MS;
	enum cli_exit rc = node_entry_read(cli, want->dir, &j.entry);

	SR_ASSERT(j.roster != NULL);
	j.until_ms = started + limit;
	if (rc == CLI_DONE)
		rc = node_operator_open(cli, want->operator_key, want->dir, &j.operator_key);
	cli_list_begin(cli, "steps");
	step_begin(&j);
	if (rc == CLI_DONE)
		rc = run(&j);
	if (!cli->failed)
		cli_list_end(cli);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "seat", want->seat);
		if (want->epoch != 0)
			cli_put_number(cli, "epoch", want->epoch);
		cli_put_number(cli, "ms", cli_monotonic_ms() - started);
	}
	client_close(j.c);
	key_free(j.operator_key);
	free(j.roster);
	return rc;
}
