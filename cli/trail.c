/*
 * cli/trail.c - from the pinned genesis to the members of today, and what is kept between runs: how
 * far the trail was followed. From there it only goes on. What a member shows is compared where
 * both overlap: another past is refused, however long it is and whoever signed it (THREAT_MODEL:
 * long-range attacks).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/io.h"
#include "cli/rpc.h"
#include "cli/settings.h"
#include "config/config.h"

#define ROUND_MS 5000u
#define KEPT_MAGIC "SRTRAIL2"
#define KEPT_MAX (EPOCH_RECORD_MAX + 256u)

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

/* Of the CLOSE block that ended this epoch; NULL: before what this client has seen. */
static const struct sr_hash32 *close_known(const struct client *self, uint64_t epoch)
{
	if (epoch < self->closes_first || epoch >= self->closes_first + self->closes_n)
		return NULL;
	return &self->closes[epoch - self->closes_first];
}

static enum sr_error closes_add(struct client *self, const struct sr_hash32 *close)
{
	struct sr_hash32 *more;

	if (self->closes_n == self->closes_room) {
		more = realloc(self->closes, (2 * self->closes_room + 16) * sizeof *more);
		if (more == NULL)
			return SR_ERR_NO_MEMORY;
		self->closes = more;
		self->closes_room = 2 * self->closes_room + 16;
	}
	self->closes[self->closes_n++] = *close;
	return SR_OK;
}

/* record may be the epoch itself. */
static enum sr_error adopt(
    struct client *self, const struct epoch_record *record, const struct sr_hash32 *close)
{
	if (record != self->epoch)
		*self->epoch = *record;
	self->close_hash = *close;
	for (uint32_t i = 0; i < record->n; i++)
		self->keys[i] = record->members[i].vote_key;
	return client_order(self);
}

/* Back to where the past was certain. */
static enum sr_error unlearn(struct client *self)
{
	self->closes_n = (size_t)(self->known->epoch - self->closes_first);
	if (self->pin.set && self->known->epoch < self->pin.epoch)
		self->pin.met = false;
	return adopt(self, self->known, &self->known_close);
}

enum sr_error client_pin(struct client *self, const char *text)
{
	if (config_point(&self->pin.epoch, &self->pin.hash, text) != SR_OK || self->pin.epoch == 0)
		return SR_ERR_BAD_SYNTAX;
	self->pin.set = true;
	return SR_OK;
}

/* The roster of the pinned epoch, or the CLOSE block that began it. */
static enum sr_error pin_check(struct client *self, const struct epoch_trail_walk *w)
{
	struct sr_hash32 root;

	if (!self->pin.set || w->now->epoch != self->pin.epoch)
		return SR_OK;
	root = epoch_record_root(w->now);
	if (!sr_hash32_equal(&root, &self->pin.hash)
	    && !sr_hash32_equal(&w->close_hash, &self->pin.hash))
		return SR_ERR_CHECKPOINT_OTHER;
	self->pin.met = true;
	return SR_OK;
}

/* --- between runs --- */

/* kept = "SRTRAIL2" | chain_id | pin's epoch u64 (0: none), hash | close_hash | record: as certain
 * as the pinned genesis, beside which it stands. */
static void kept_put(struct sr_writer *w, const struct client *self)
{
	sr_write_copy(w, (const uint8_t *)KEPT_MAGIC, 8);
	sr_write_hash(w, &self->genesis->chain_id);
	sr_write_u64(w, self->pin.set ? self->pin.epoch : 0);
	sr_write_hash(w, &self->pin.hash);
	sr_write_hash(w, &self->close_hash);
	epoch_record_write(w, self->epoch);
}

static enum sr_error kept_write(const char *path, const uint8_t *p, size_t n)
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

/* Missed by nobody when it can't be kept, but for what it keeps out. */
static void keep(struct client *self)
{
	char path[CLI_PATH_MAX];
	struct sr_writer w;

	*self->known = *self->epoch;
	self->known_close = self->close_hash;
	if (self->epoch->epoch <= self->kept_epoch
	    || settings_trail(self->cli, path, &self->genesis->chain_id) != SR_OK)
		return;
	sr_writer_init(&w, KEPT_MAX);
	kept_put(&w, self);
	if (sr_writer_finish(&w) == SR_OK && kept_write(path, w.p, w.n) == SR_OK)
		self->kept_epoch = self->epoch->epoch;
	sr_writer_clear(&w);
}

static enum sr_error kept_read(struct epoch_record *record, struct sr_hash32 *close,
    const struct client *self, const uint8_t *p, size_t n)
{
	struct sr_hash32 chain, pin;
	struct sr_bytes magic;
	struct sr_reader r;
	uint64_t pin_epoch;

	sr_reader_init(&r, p, n);
	magic = sr_read_view(&r, 8);
	chain = sr_read_hash(&r);
	pin_epoch = sr_read_u64(&r);
	pin = sr_read_hash(&r);
	*close = sr_read_hash(&r);
	epoch_record_read(record, &r);
	SR_TRY(sr_reader_finish(&r));
	if (memcmp(magic.p, KEPT_MAGIC, 8) != 0 || record->epoch == 0)
		return SR_ERR_BAD_KIND;
	if (!sr_hash32_equal(&chain, &self->genesis->chain_id))
		return SR_ERR_WRONG_CHAIN;
	/* Pinned since, or elsewhere: the trail must be seen to pass there. */
	if (self->pin.set && (pin_epoch != self->pin.epoch ||
	    !sr_hash32_equal(&pin, &self->pin.hash)))
		return SR_ERR_CHECKPOINT_OTHER;
	return SR_OK;
}

enum sr_error client_kept(struct client *self)
{
	struct epoch_record *record = malloc(sizeof *record);
	char path[CLI_PATH_MAX];
	struct sr_hash32 close;
	uint8_t *p = NULL;
	size_t n = 0;
	enum sr_error error = record != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	if (error == SR_OK && settings_trail(self->cli, path, &self->genesis->chain_id) == SR_OK
	    && io_load(&p, &n, path, KEPT_MAX) == SR_OK
	    && kept_read(record, &close, self, p, n) == SR_OK) {
		self->kept_epoch = record->epoch;
		self->pin.met = self->pin.set;
		self->closes_first = record->epoch - 1;
		error = closes_add(self, &close);
		if (error == SR_OK)
			error = adopt(self, record, &close);
	}
	*self->known = *self->epoch;
	self->known_close = self->close_hash;
	free(p);
	free(record);
	return error;
}

/* --- a page --- */

/* All of a page that begins with the first step: does a quorum of another past stand behind it? */
static bool fork_proven(struct client *self, const struct epoch_trail_page *page)
{
	struct epoch_trail_walk w;
	struct sr_reader r;
	bool met = self->pin.met, proven = false;
	enum sr_error error = epoch_trail_begin(&w, self->genesis);

	sr_reader_init(&r, page->steps.p, page->steps.n);
	for (uint32_t i = 0; error == SR_OK && !proven && i < page->count; i++) {
		const struct sr_hash32 *known = close_known(self, i);

		error = epoch_trail_step(&w, &r);
		if (error == SR_OK)
			error = pin_check(self, &w);
		proven = error == SR_OK && known != NULL && !sr_hash32_equal(known, &w.close_hash);
	}
	self->pin.met = met;
	epoch_trail_end(&w);
	return proven;
}

/* What is known must be the same: FORK; what is behind it is walked. *met: they met somewhere. */
static enum sr_error page_walk(struct client *self, struct epoch_trail_walk *w,
    const struct epoch_trail_page *page, bool *met)
{
	struct sr_reader r;

	*met = page->total == 0 && self->epoch->epoch == 0;
	sr_reader_init(&r, page->steps.p, page->steps.n);
	for (uint64_t e = page->first; e < page->first + page->count; e++) {
		const struct sr_hash32 *known = close_known(self, e);
		struct sr_hash32 close;
		struct sr_bytes step;

		if (e < w->now->epoch) {
			SR_TRY(epoch_trail_step_read(&step, &close, &r));
			if (known != NULL && !sr_hash32_equal(known, &close))
				return self->pin.met && e < self->pin.epoch ?
				    SR_ERR_CHECKPOINT_OTHER : SR_ERR_TRAIL_FORK;
			*met = *met || known != NULL;
			continue;
		}
		if (e > w->now->epoch)
			return SR_ERR_OUT_OF_RANGE;
		SR_TRY(epoch_trail_step(w, &r));
		SR_TRY(pin_check(self, w));
		SR_TRY(closes_add(self, &w->close_hash));
		*met = true;
	}
	return sr_reader_finish(&r);
}

static enum sr_error page_take(
    struct client *self, const struct epoch_trail_page *page, bool *met)
{
	struct epoch_trail_walk w;
	size_t before = self->closes_n;
	bool pin_met = self->pin.met;
	enum sr_error error =
	    epoch_trail_resume(&w, self->genesis, self->epoch, &self->close_hash);

	if (error == SR_OK)
		error = page_walk(self, &w, page, met);
	/* A past that ends before the pin is none to go on with. */
	if (error == SR_OK && self->pin.set && !self->pin.met
	    && page->first + page->count == page->total)
		error = SR_ERR_CHECKPOINT_OTHER;
	if (error == SR_OK && w.now->epoch > self->epoch->epoch)
		error = adopt(self, w.now, &w.close_hash);
	if (error != SR_OK) {
		self->closes_n = before;
		self->pin.met = pin_met;
	}
	epoch_trail_end(&w);
	return error;
}

/* --- asking --- */

struct search {
	struct client *client;
	const struct epoch_record *asked;
	bool all;                        /* wait for all of them */
	uint32_t good, wanted, forks;
	bool proven;                     /* two pasts, each with its quorums */
	bool met_pin_not;
	uint32_t more;                   /* who has further pages, or NOBODY */
};

/* One step that is known, when there is one, so that another past shows. */
static uint64_t from_of(const struct client *self)
{
	return self->epoch->epoch > 0 ? self->epoch->epoch - 1 : 0;
}

static void trouble(struct search *s, uint32_t member, enum sr_error error)
{
	const struct epoch_member *m = &s->asked->members[member];
	char name[SR_NAME_MAX + 1];

	cli_name_text(name, (struct sr_bytes){ m->name, m->name_n });
	snprintf(s->client->trouble, sizeof s->client->trouble, "%s: %s", name,
	    sr_error_name((unsigned)error));
}

static bool trail_take(void *ctx, struct rpc_call *call)
{
	struct search *s = ctx;
	struct epoch_trail_page page;
	bool met = false;
	enum sr_error error = call->error;

	if (error == SR_OK)
		error = epoch_trail_page_read(&page, call->answer, call->answer_n);
	if (error == SR_OK)
		error = page_take(s->client, &page, &met);
	if (error == SR_ERR_TRAIL_FORK) {
		s->forks++;
		s->proven = s->proven || (page.first == 0 && fork_proven(s->client, &page));
	}
	s->met_pin_not = s->met_pin_not || error == SR_ERR_CHECKPOINT_OTHER;
	if (error != SR_OK) {
		trouble(s, call->member, error);
		return false;
	}
	if (page.first + page.count < page.total)
		s->more = call->member;
	s->good += met;
	return !s->all && s->good >= s->wanted;
}

static void call_to(struct search *s, struct rpc_call *call, uint32_t member)
{
	uint64_t left = cli_left_ms(s->client->cli);

	call->method = CLIENT_TRAIL;
	call->number = from_of(s->client);
	call->timeout_ms = left < ROUND_MS ? left + 1 : ROUND_MS;
	call->answer_max = CLIENT_BYTES_MAX;
	call->member = member;
	call->url = s->asked->members[member].url;
	call->pin = s->asked->members[member].url_pin;
}

/* Further pages of one member, as long as they lead on. */
static void pages_run(struct search *s)
{
	uint64_t before;

	do {
		struct rpc_call call = { 0 }, *list[] = { &call };
		uint32_t member = s->more;

		before = s->client->epoch->epoch;
		s->more = EPOCH_NOBODY;
		call_to(s, &call, member);
		call.number = before;
		rpc_run(s->client->http, list, 1, trail_take, s);
		rpc_clear(&call);
	} while (s->more != EPOCH_NOBODY && s->client->epoch->epoch > before);
}

/* All members of one roster at once. */
static enum sr_error round_run(struct search *s, const struct epoch_record *asked)
{
	struct client *c = s->client;
	struct rpc_call *calls = calloc(asked->n, sizeof *calls), *list[SR_MEMBERS_MAX];

	if (calls == NULL)
		return SR_ERR_NO_MEMORY;
	s->asked = asked;
	s->good = s->forks = 0;
	s->more = EPOCH_NOBODY;
	s->wanted = consensus_faults(asked->n) + 1;
	for (uint32_t i = 0; i < asked->n; i++) {
		call_to(s, &calls[i], i);
		list[i] = &calls[i];
	}
	rpc_run(c->http, list, asked->n, trail_take, s);
	for (uint32_t i = 0; i < asked->n; i++)
		rpc_clear(&calls[i]);
	free(calls);
	if (s->more != EPOCH_NOBODY)
		pages_run(s);
	return SR_OK;
}

/*
 * One roster, until nothing moves: then f+1 of them agree that far, or as many as can be reached.
 * FORK: some of them show another past, and the others are too few to decide; or so many do that
 * one of them is honest; or both pasts have their quorums, and nothing is known that decides.
 */
static enum sr_error roster_run(struct search *s, const struct epoch_record *asked)
{
	uint64_t before;

	do {
		before = s->client->epoch->epoch;
		SR_TRY(round_run(s, asked));
	} while (s->client->epoch->epoch > before && (s->all || s->good < s->wanted));
	if (s->proven || (s->forks > 0 && (s->good < s->wanted || s->forks >= s->wanted)))
		return SR_ERR_TRAIL_FORK;
	return s->good > 0 ? SR_OK : SR_ERR_NOT_REACHED;
}

/* Those that are known for certain; when they are too few, those that their trail leads to; those
 * of the genesis when none of them answers. */
static enum sr_error rosters_run(struct search *s, struct epoch_record *asked)
{
	struct client *c = s->client;
	enum sr_error error;

	*asked = *c->known;
	error = roster_run(s, asked);
	while (error == SR_OK && s->good < s->wanted && asked->epoch < c->epoch->epoch) {
		*asked = *c->epoch;
		error = roster_run(s, asked);
		if (error == SR_ERR_NOT_REACHED)
			return SR_OK;
	}
	if (error != SR_ERR_NOT_REACHED || c->known->epoch == 0)
		return error;
	epoch_record_genesis(asked, c->genesis);
	return roster_run(s, asked);
}

enum sr_error client_trail_fetch(struct client *self)
{
	struct search s = { .client = self, .all = self->known->epoch == 0 };
	struct epoch_record *asked = malloc(sizeof *asked);
	enum sr_error error = SR_ERR_NO_MEMORY;

	if (asked != NULL)
		error = rosters_run(&s, asked);
	free(asked);
	if (error == SR_ERR_NOT_REACHED && s.met_pin_not)
		error = SR_ERR_CHECKPOINT_OTHER;
	if (error == SR_ERR_NOT_REACHED)
		return error;
	if (error != SR_OK)
		return unlearn(self) == SR_OK ? error : SR_ERR_NO_MEMORY;
	keep(self);
	return SR_OK;
}

/* What it shows counts once members were asked, too. */
enum sr_error client_trail_from(struct client *self, const char *url)
{
	struct epoch_trail_page page = { 0 };
	uint64_t from, next = from_of(self);
	bool met;
	enum sr_error error;

	do {
		struct rpc_call call = { .method = CLIENT_TRAIL, .url = url, .unpinned = true,
			.number = next, .timeout_ms = ROUND_MS, .answer_max = CLIENT_BYTES_MAX };
		struct rpc_call *list[] = { &call };

		from = next;
		rpc_run(self->http, list, 1, NULL, NULL);
		error = call.error;
		if (error == SR_OK)
			error = epoch_trail_page_read(&page, call.answer, call.answer_n);
		if (error == SR_OK)
			error = page_take(self, &page, &met);
		rpc_clear(&call);
		next = self->epoch->epoch;
	} while (error == SR_OK && next > from && page.first + page.count < page.total);
	return error;
}

bool client_epoch_moved(struct client *self)
{
	uint64_t before = self->epoch->epoch;

	return client_trail_fetch(self) == SR_OK && self->epoch->epoch > before;
}

/* --- epochs that are over --- */

/* From the genesis again, as far as something is known to compare with. */
struct past {
	struct client *client;
	uint64_t epoch, end;
	struct epoch_trail_walk walk;
	struct sr_writer *steps;         /* or NULL */
	struct epoch_record *record;     /* or NULL */
};

static enum sr_error past_page(struct past *p, const struct epoch_trail_page *page)
{
	struct sr_reader r;

	if (page->first != p->walk.now->epoch || page->count == 0)
		return SR_ERR_WRONG_EPOCH;
	sr_reader_init(&r, page->steps.p, page->steps.n);
	for (uint32_t i = 0; i < page->count && p->walk.now->epoch < p->end; i++) {
		const uint8_t *from = r.p;

		SR_TRY(epoch_trail_step(&p->walk, &r));
		if (p->steps != NULL && p->walk.now->epoch <= p->epoch)
			sr_write_copy(p->steps, from, (size_t)(r.p - from));
		if (p->record != NULL && p->walk.now->epoch == p->epoch)
			*p->record = *p->walk.now;
	}
	return p->steps != NULL ? p->steps->error : SR_OK;
}

static enum sr_error past_of(struct past *p, uint32_t member)
{
	struct client *c = p->client;
	const struct sr_hash32 *known = close_known(c, p->end - 1);
	enum sr_error error = epoch_trail_begin(&p->walk, c->genesis);

	while (error == SR_OK && p->walk.now->epoch < p->end) {
		struct rpc_call call = { .method = CLIENT_TRAIL, .number = p->walk.now->epoch,
			.timeout_ms = ROUND_MS, .answer_max = CLIENT_BYTES_MAX };
		struct rpc_call *list[] = { &call };
		struct epoch_trail_page page;

		client_to_member(c, &call, member);
		rpc_run(c->http, list, 1, NULL, NULL);
		error = call.error;
		if (error == SR_OK)
			error = epoch_trail_page_read(&page, call.answer, call.answer_n);
		if (error == SR_OK)
			error = past_page(p, &page);
		rpc_clear(&call);
	}
	if (error == SR_OK && (known == NULL || !sr_hash32_equal(known, &p->walk.close_hash)))
		error = SR_ERR_TRAIL_FORK;
	epoch_trail_end(&p->walk);
	return error;
}

static enum sr_error past_run(struct past *p)
{
	struct client *c = p->client;
	enum sr_error error = SR_ERR_NOT_REACHED;

	if (p->epoch > c->epoch->epoch)
		return SR_ERR_WRONG_EPOCH;
	p->end = p->epoch > 0 && close_known(c, p->epoch - 1) != NULL ? p->epoch : c->epoch->epoch;
	for (uint32_t i = 0; error != SR_OK && i < c->epoch->n; i++) {
		if (p->steps != NULL)
			sr_writer_reset(p->steps);
		error = past_of(p, c->order[i]);
	}
	return error;
}

enum sr_error client_trail_cut(struct sr_writer *out, struct client *self, uint64_t epoch)
{
	struct sr_writer steps;
	struct past p = { .client = self, .epoch = epoch, .steps = &steps };
	enum sr_error error = SR_OK;

	sr_writer_init(&steps, CLIENT_TRAIL_BYTES_MAX);
	if (epoch > 0)
		error = past_run(&p);
	if (error == SR_OK) {
		sr_write_u32(out, (uint32_t)epoch);
		sr_write_copy(out, steps.p, steps.n);
		error = sr_writer_finish(out);
	}
	sr_writer_clear(&steps);
	return error;
}

enum sr_error client_epoch_at(struct epoch_record *out, struct client *self, uint64_t epoch)
{
	struct past p = { .client = self, .epoch = epoch, .record = out };

	if (epoch == self->epoch->epoch)
		*out = *self->epoch;
	else if (epoch == 0)
		epoch_record_genesis(out, self->genesis);
	else
		return past_run(&p);
	return SR_OK;
}
