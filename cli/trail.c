/* From the pinned genesis to the members of today: the trail, and where it is kept between runs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/io.h"
#include "cli/rpc.h"
#include "cli/settings.h"

#define ROUND_MS 5000u

/* --- who is asked first --- */

static const char *node_wanted(const struct client *self)
{
	return self->cli->node != NULL ? self->cli->node :
	    settings_cluster(self->cli) == NULL ? settings_value(self->cli, "node") : NULL;
}

static uint32_t member_of_url(const struct epoch_record *r, const char *url)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (strcmp(r->members[i].url, url) == 0)
			return i;
	return EPOCH_NOBODY;
}

/* --node first; else start anywhere, so that no one member sees every request. */
enum sr_error client_order(struct client *self)
{
	uint32_t n = self->epoch->n, first = EPOCH_NOBODY;
	const char *node = node_wanted(self);
	uint8_t random[4];

	if (node != NULL)
		first = member_of_url(self->epoch, node);
	if (first == EPOCH_NOBODY) {
		SR_TRY(sr_drbg_fill(&self->drbg, random, sizeof random));
		first = (uint32_t)(random[0] | random[1] << 8) % n;
	}
	for (uint32_t i = 0; i < n; i++)
		self->order[i] = (first + i) % n;
	return SR_OK;
}

enum cli_exit client_node_check(struct client *self)
{
	const char *node = node_wanted(self);

	if (node == NULL || member_of_url(self->epoch, node) != EPOCH_NOBODY)
		return CLI_DONE;
	if (self->cli->node != NULL)
		return cli_usage(self->cli, SR_ERR_NOT_A_MEMBER,
		    "%s is not the URL of a member of this cluster", node);
	cli_warn(self->cli, "strongroom: %s of the configuration is not a member any more\n", node);
	return CLI_DONE;
}

/* --- what is known --- */

/* Takes the trail over. record is copied. */
static enum sr_error adopt(
    struct client *self, const struct epoch_record *record, uint8_t *trail, size_t n)
{
	*self->epoch = *record;
	free(self->trail);
	self->trail = trail;
	self->trail_n = n;
	for (uint32_t i = 0; i < record->n; i++)
		self->keys[i] = record->members[i].vote_key;
	return client_order(self);
}

/* Between runs it is only a hint: verified from the genesis each time, and missed by nobody when it
 * can't be kept. */
static enum sr_error hint_write(const char *path, const uint8_t *p, size_t n)
{
	char temporary[CLI_PATH_MAX];
	enum sr_error error;
	int fd;

	if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
		return SR_ERR_TOO_LONG;
	fd = mkstemp(temporary);
	if (fd < 0)
		return SR_ERR_IO;
	error = io_write_all(fd, p, n);
	if (close(fd) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (error == SR_OK && rename(temporary, path) != 0)
		error = SR_ERR_IO;
	if (error != SR_OK)
		unlink(temporary);
	return error;
}

static void hint_keep(struct client *self)
{
	char path[CLI_PATH_MAX];

	if (self->epoch->epoch <= self->hint_epoch
	    || settings_trail(self->cli, path, &self->genesis->chain_id) != SR_OK)
		return;
	if (hint_write(path, self->trail, self->trail_n) == SR_OK)
		self->hint_epoch = self->epoch->epoch;
}

enum sr_error client_hint(struct client *self)
{
	struct epoch_record *record = malloc(sizeof *record);
	char path[CLI_PATH_MAX];
	struct sr_hash32 close_hash;
	uint8_t *trail = NULL;
	size_t n = 0;
	enum sr_error error = record != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	if (error == SR_OK
	    && settings_trail(self->cli, path, &self->genesis->chain_id) == SR_OK
	    && io_load(&trail, &n, path, CLIENT_BYTES_MAX) == SR_OK
	    && epoch_trail_verify(record, &close_hash, self->genesis, trail, n) == SR_OK
	    && record->epoch > 0) {
		self->hint_epoch = record->epoch;
		error = adopt(self, record, trail, n);
		trail = NULL;
	}
	free(trail);
	free(record);
	return error;
}

/* --- asking --- */

struct search {
	struct client *client;
	const struct epoch_record *asked;
	uint32_t good, wanted;
	struct epoch_record *scratch, *best;
	uint8_t *trail;                  /* best's */
	size_t trail_n;
};

static enum sr_error trail_look(struct search *s, const struct rpc_call *call)
{
	const struct client *c = s->client;
	struct sr_hash32 close_hash;

	SR_TRY(call->error);
	/* What was verified once need not be again. */
	if (call->answer_n == c->trail_n && memcmp(call->answer, c->trail, c->trail_n) == 0) {
		*s->scratch = *c->epoch;
		return SR_OK;
	}
	return epoch_trail_verify(
	    s->scratch, &close_hash, c->genesis, call->answer, call->answer_n);
}

/* Keeps the newest of the trails that verify; f+1 are enough, since one of them is honest. */
static bool trail_take(void *ctx, struct rpc_call *call)
{
	struct search *s = ctx;
	struct client *c = s->client;
	const struct epoch_member *m = &s->asked->members[call->member];
	char name[SR_NAME_MAX + 1];
	enum sr_error error = trail_look(s, call);

	if (error != SR_OK) {
		cli_name_text(name, (struct sr_bytes){ m->name, m->name_n });
		snprintf(c->trouble, sizeof c->trouble, "%s: %s", name,
		    sr_error_name((unsigned)error));
		return false;
	}
	if (s->trail == NULL || s->scratch->epoch > s->best->epoch) {
		*s->best = *s->scratch;
		free(s->trail);
		s->trail = call->answer;
		s->trail_n = call->answer_n;
		call->answer = NULL;
	}
	return ++s->good >= s->wanted;
}

/* All members of one roster at once; afterwards the client knows what they know. */
static enum sr_error round_run(struct search *s, const struct epoch_record *asked)
{
	struct client *c = s->client;
	struct rpc_call *calls = calloc(asked->n, sizeof *calls), *list[SR_MEMBERS_MAX];
	uint64_t left = cli_left_ms(c->cli);
	enum sr_error error = SR_OK;

	if (calls == NULL)
		return SR_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < asked->n; i++) {
		calls[i].method = CLIENT_TRAIL;
		calls[i].timeout_ms = left < ROUND_MS ? left + 1 : ROUND_MS;
		calls[i].answer_max = CLIENT_BYTES_MAX;
		calls[i].member = i;
		calls[i].url = asked->members[i].url;
		calls[i].pin = asked->members[i].url_pin;
		list[i] = &calls[i];
	}
	s->asked = asked;
	s->good = 0;
	s->wanted = consensus_faults(asked->n) + 1;
	rpc_run(c->http, list, asked->n, trail_take, s);
	for (uint32_t i = 0; i < asked->n; i++)
		rpc_clear(&calls[i]);
	free(calls);
	if (s->trail != NULL && (c->trail == NULL || s->best->epoch > c->epoch->epoch)) {
		error = adopt(c, s->best, s->trail, s->trail_n);
		s->trail = NULL;
		hint_keep(c);
	}
	return error;
}

/* The members that are known, and those they know of, as long as that leads on; those of the
 * genesis when none of them answers. */
static enum sr_error rounds_run(struct search *s)
{
	struct client *c = s->client;
	struct epoch_record *first;
	uint64_t before;
	enum sr_error error;

	do {
		before = c->epoch->epoch;
		SR_TRY(round_run(s, c->epoch));
	} while (c->epoch->epoch > before && s->good < s->wanted);
	if (s->good > 0 || c->epoch->epoch == 0)
		return s->good > 0 ? SR_OK : SR_ERR_NOT_REACHED;
	first = malloc(sizeof *first);
	if (first == NULL)
		return SR_ERR_NO_MEMORY;
	epoch_record_genesis(first, c->genesis);
	error = round_run(s, first);
	free(first);
	return error != SR_OK ? error : s->good > 0 ? SR_OK : SR_ERR_NOT_REACHED;
}

enum sr_error client_trail_fetch(struct client *self)
{
	struct search s = { .client = self, .scratch = malloc(sizeof *s.scratch),
		.best = malloc(sizeof *s.best) };
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (s.scratch != NULL && s.best != NULL)
		error = rounds_run(&s);
	free(s.trail);
	free(s.scratch);
	free(s.best);
	return error;
}

enum sr_error client_trail_from(struct client *self, const char *url)
{
	struct epoch_record *record = malloc(sizeof *record);
	struct rpc_call call = { .method = CLIENT_TRAIL, .url = url, .unpinned = true,
		.timeout_ms = ROUND_MS, .answer_max = CLIENT_BYTES_MAX };
	struct rpc_call *list[] = { &call };
	struct sr_hash32 close_hash;
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (record != NULL) {
		rpc_run(self->http, list, 1, NULL, NULL);
		error = call.error;
	}
	if (error == SR_OK)
		error = epoch_trail_verify(
		    record, &close_hash, self->genesis, call.answer, call.answer_n);
	if (error == SR_OK && (self->trail == NULL || record->epoch > self->epoch->epoch)) {
		error = adopt(self, record, call.answer, call.answer_n);
		call.answer = NULL;
		hint_keep(self);
	}
	rpc_clear(&call);
	free(record);
	return error;
}

bool client_epoch_moved(struct client *self)
{
	uint64_t before = self->epoch->epoch;

	return client_trail_fetch(self) == SR_OK && self->epoch->epoch > before;
}

/* --- epochs that are over --- */

enum sr_error client_trail_cut(struct sr_writer *out, const struct client *self, uint64_t epoch)
{
	struct sr_reader r;
	uint32_t steps;

	sr_reader_init(&r, self->trail, self->trail_n);
	steps = sr_read_u32(&r);
	if (epoch > steps)
		return SR_ERR_WRONG_EPOCH;
	sr_write_u32(out, (uint32_t)epoch);
	for (uint64_t i = 0; i < 3 * epoch && r.error == SR_OK; i++) {
		struct sr_bytes b = sr_read_blob(&r, CLIENT_BYTES_MAX);

		sr_write_blob(out, b.p, b.n);
	}
	return r.error != SR_OK ? r.error : sr_writer_finish(out);
}

enum sr_error client_epoch_at(
    struct epoch_record *out, const struct client *self, uint64_t epoch)
{
	struct sr_hash32 close_hash;
	struct sr_writer w;
	enum sr_error error;

	if (epoch == self->epoch->epoch) {
		*out = *self->epoch;
		return SR_OK;
	}
	sr_writer_init(&w, CLIENT_BYTES_MAX);
	error = client_trail_cut(&w, self, epoch);
	if (error == SR_OK)
		error = epoch_trail_verify(out, &close_hash, self->genesis, w.p, w.n);
	sr_writer_clear(&w);
	return error;
}
