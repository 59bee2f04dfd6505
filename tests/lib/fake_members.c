#include "tests/lib/fake_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "tests/lib/scratch.h"

static struct fake_members *all;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fake_members: %s\n", what);
	abort();
}

static void must_ok(enum sr_error error, const char *what)
{
	if (error != SR_OK)
		fprintf(stderr, "fake_members: %s\n", sr_error_name((unsigned)error));
	must(error == SR_OK, what);
}

/* --- rosters --- */

static struct sr_key32 seed_of(const char *what, uint64_t epoch, uint32_t seat)
{
	uint8_t numbers[2] = { (uint8_t)epoch, (uint8_t)seat };
	struct sr_bytes part = { numbers, sizeof numbers };
	struct sr_hash32 h = sr_hash_domain(what, &part, 1);
	struct sr_key32 out;

	memcpy(out.b, h.b, sizeof out.b);
	return out;
}

static void genesis_votes(struct fake_members *self)
{
	for (uint32_t i = 0; i < self->genesis->members_n; i++) {
		struct sr_key32 seed = cluster_identity_seed(self->cluster, i), id, vote;
		struct sr_drbg drbg;
		struct sr_edpk pk;

		sr_drbg_init(&drbg, &seed);
		must_ok(sr_drbg_fill(&drbg, id.b, 32), "identity");
		must_ok(sr_drbg_fill(&drbg, vote.b, 32), "vote key");
		sr_ed25519_keypair(&self->votes[0][i], &pk, &vote);
	}
}

static void member_make(struct fake_members *self, struct epoch_member *m, uint32_t seat)
{
	const struct epoch_record *now = self->records[self->epoch];
	uint32_t index = epoch_record_seat(now, seat);
	struct sr_key32 seed = seed_of("fake operator", 0, seat);
	struct sr_edsk sk;

	if (index != EPOCH_NOBODY) {
		*m = now->members[index];
		return;
	}
	memset(m, 0, sizeof *m);
	m->seat = seat;
	m->name_n = (size_t)snprintf((char *)m->name, sizeof m->name, "joined-%u", seat);
	sr_ed25519_keypair(&sk, &m->operator_key, &seed);
	seed = seed_of("fake identity", 0, seat);
	sr_ed25519_keypair(&sk, &m->id_key, &seed);
	memcpy(m->box_key, self->genesis->members[0].box_key, sizeof m->box_key);
	snprintf(m->url, sizeof m->url, "https://127.0.0.1:%u", 20000 + seat);
	snprintf(m->link, sizeof m->link, "tcp://127.0.0.1:%u", 30000 + seat);
}

static void certify(struct consensus_cert *cert, const struct consensus_header *h,
    const struct sr_edsk *votes, uint32_t n)
{
	memset(cert, 0, sizeof *cert);
	cert->kind = CONSENSUS_FINAL;
	cert->epoch = h->epoch;
	cert->slot = h->slot;
	cert->hash = consensus_header_hash(h);
	cert->signers_n = consensus_quorum(n);
	for (uint32_t i = 0; i < cert->signers_n; i++) {
		struct consensus_vote v;

		cert->signers[i].voter = i;
		v = consensus_cert_vote(cert, i);
		consensus_vote_sign(&v, &h->chain_id, &votes[i]);
		cert->signers[i].sig = v.sig;
	}
}

static void epoch_close_sign(struct fake_members *self, const struct epoch_record *next)
{
	struct consensus_header *h = &self->steps[self->epoch].header;

	memset(h, 0, sizeof *h);
	h->chain_id = self->genesis->chain_id;
	h->epoch = self->epoch;
	h->height = self->world->block.height;
	h->slot = h->height;
	h->parent_slot = h->slot - 1;
	h->flags = CONSENSUS_CLOSE;
	h->next_roster_root = epoch_record_root(next);
	certify(&self->steps[self->epoch].cert, h, self->votes[self->epoch],
	    self->records[self->epoch]->n);
}

void fake_members_epoch(struct fake_members *self, const uint32_t *seats, uint32_t n)
{
	struct epoch_record *next = calloc(1, sizeof *next);
	uint64_t epoch = self->epoch + 1;

	must(next != NULL && epoch < FAKE_EPOCHS, "one epoch more");
	next->epoch = epoch;
	next->n = n;
	next->threshold = n / 2 + 1;
	memcpy(next->vault_key, self->genesis->members[0].box_key, 32);
	self->shielding[epoch] = seed_of("fake shielding", epoch, 0);
	sr_x25519_public(&next->shielding_key, &self->shielding[epoch]);
	for (uint32_t i = 0; i < n; i++) {
		struct sr_key32 seed = seed_of("fake vote", epoch, seats[i]);

		member_make(self, &next->members[i], seats[i]);
		sr_ed25519_keypair(&self->votes[epoch][i], &next->members[i].vote_key, &seed);
		memcpy(next->members[i].verify_key, next->vault_key, 32);
	}
	world_block(self->world, WORLD_SLOT_MS);
	epoch_close_sign(self, next);
	self->records[epoch] = next;
	self->epoch = epoch;
	self->world->block.epoch = epoch;
}

struct fake_members *fake_members_new(void)
{
	static const uint32_t seats[] = { 0, 1, 2, 3 };
	struct fake_members *self = calloc(1, sizeof *self);
	char path[300];

	must(self != NULL && all == NULL, "one at a time");
	self->page_steps = 256;
	self->cluster = cluster_new(&(struct cluster_options){ .n = 4, .seed = 4 });
	self->genesis = self->cluster->genesis;
	genesis_votes(self);
	self->records[0] = calloc(1, sizeof *self->records[0]);
	must(self->records[0] != NULL, "memory");
	epoch_record_genesis(self->records[0], self->genesis);
	self->world = world_new();
	self->world->block.chain_id = self->genesis->chain_id;
	self->world->block.time_ms = cli_now_ms();
	fake_members_epoch(self, seats, 4);
	snprintf(self->dir, sizeof self->dir, "%s", scratch_path("cluster"));
	mkdir(self->dir, 0700);
	snprintf(path, sizeof path, "%s/genesis", self->dir);
	scratch_write(path, self->cluster->genesis_bytes, self->cluster->genesis_n);
	all = self;
	return self;
}

void fake_members_free(struct fake_members *self)
{
	all = NULL;
	for (unsigned i = 0; i < FAKE_EPOCHS; i++)
		free(self->records[i]);
	vault_tree_unref(self->old.tree);
	world_free(self->world);
	cluster_free(self->cluster);
	scratch_remove(self->dir);
	free(self);
}

/* --- what they do --- */

enum sr_error fake_members_apply(struct fake_members *self, struct sr_bytes op,
    struct vault_receipt *receipt)
{
	struct vault_op decoded;
	enum sr_error error;

	world_block(self->world, 1);
	memset(receipt, 0, sizeof *receipt);
	error = vault_op_check(&decoded, &self->world->block, op.p, op.n);
	if (error == SR_OK)
		error = vault_apply(&self->world->t, receipt, &self->world->block, &decoded);
	return error != SR_OK ? error : (enum sr_error)receipt->code;
}

/* As the enclave does: one that is done already is only told of. */
static void submit(struct fake_members *self, const struct fake_request *r, struct fake_answer *a)
{
	struct vault_receipt receipt;
	struct vault_key key;
	struct sr_bytes known;
	struct vault_op op;

	a->code = vault_op_decode(&op, r->payload.p, r->payload.n);
	if (a->code != SR_OK)
		return;
	key = vault_key_hash(VAULT_REC_RECEIPT, &op.hash);
	known = vault_tree_get(self->world->t, &key);
	if (known.p != NULL) {
		sr_write_copy(&a->payload, known.p, known.n);
		return;
	}
	a->code = fake_members_apply(self, r->payload, &receipt);
	if (a->code == SR_OK || !vault_code_is_traceless(a->code))
		vault_receipt_write(&a->payload, &receipt);
}

void fake_members_grow_old(struct fake_members *self)
{
	vault_tree_unref(self->old.tree);
	self->old.tree = vault_tree_ref(self->world->t);
	self->old.height = self->world->block.height;
	world_block(self->world, 1);
}

static void prove(struct fake_members *self, const struct fake_request *r,
    const struct vault_key *key, struct fake_answer *a)
{
	struct consensus_header h = { .chain_id = self->genesis->chain_id, .epoch = self->epoch };
	bool stale = self->stale != NULL && self->stale(self, r);
	struct vault_tree *t;
	struct consensus_cert cert;
	struct sr_writer part;

	world_block(self->world, 1);
	t = stale ? self->old.tree : self->world->t;
	h.height = h.slot = stale ? self->old.height : self->world->block.height;
	h.parent_slot = h.slot - 1;
	h.pre_state_root = vault_tree_root(t);
	certify(&cert, &h, self->votes[self->epoch], self->records[self->epoch]->n);
	sr_writer_init(&part, VAULT_PROOF_MAX);
	consensus_header_write(&part, &h);
	sr_write_blob(&a->payload, part.p, part.n);
	sr_writer_reset(&part);
	consensus_cert_write(&part, &cert);
	sr_write_blob(&a->payload, part.p, part.n);
	sr_writer_reset(&part);
	vault_tree_prove(&part, t, key);
	sr_write_blob(&a->payload, part.p, part.n);
	must_ok(sr_writer_finish(&part), "a proof");
	sr_writer_clear(&part);
}

/* kind | proof | account | time | params | signature; the signature is not looked at. */
static void get(struct fake_members *self, struct fake_request *r, struct fake_answer *a)
{
	struct vault_account account;
	struct sr_bytes params;
	struct vault_key key;
	struct sr_reader reader;

	sr_reader_init(&reader, r->payload.p, r->payload.n);
	r->get = (enum vault_get_kind)sr_read_u8(&reader);
	r->proof = sr_read_bool(&reader);
	vault_account_read(&account, &reader, true);
	(void)sr_read_u64(&reader);
	params = sr_read_blob(&reader, 4096);
	(void)sr_read_blob(&reader, 65);
	must_ok(sr_reader_finish(&reader), "a getter");
	a->code = vault_get(&a->payload, self->world->t, r->get, params, &account);
	if (!r->proof || (a->code != SR_OK && a->code != SR_ERR_NOT_FOUND))
		return;
	sr_writer_reset(&a->payload);
	a->code = vault_get_key(&key, r->get, params);
	if (a->code == SR_OK)
		prove(self, r, &key, a);
}

static void step(struct sr_writer *w, const struct consensus_header *h,
    const struct consensus_cert *cert, const struct epoch_record *record)
{
	struct sr_writer part;

	sr_writer_init(&part, EPOCH_RECORD_MAX);
	consensus_header_write(&part, h);
	sr_write_blob(w, part.p, part.n);
	sr_writer_reset(&part);
	consensus_cert_write(&part, cert);
	sr_write_blob(w, part.p, part.n);
	sr_writer_reset(&part);
	epoch_record_write(&part, record);
	sr_write_blob(w, part.p, part.n);
	sr_writer_clear(&part);
}

/* Steps of the other past: the real ones up to where it forks, then those of stolen keys. */
static void step_other(const struct fake_members *self, struct sr_writer *w, uint64_t e)
{
	uint64_t fork = self->other.fork;
	struct epoch_record *next = malloc(sizeof *next);
	struct consensus_header h = self->steps[fork].header;
	struct consensus_cert cert;

	must(next != NULL, "memory");
	*next = *self->records[fork];
	if (fork == 0)
		memcpy(next->vault_key, self->records[1]->vault_key, sizeof next->vault_key);
	next->epoch = e + 1;
	h.epoch = e;
	h.slot += 1 + e;
	h.height += 1 + e;
	h.next_roster_root = epoch_record_root(next);
	certify(&cert, &h, self->votes[fork], self->records[fork]->n);
	step(w, &h, &cert, next);
	free(next);
}

static void trail(const struct fake_members *self, struct sr_writer *w, uint64_t from, bool other)
{
	struct epoch_trail_page page = { .total = other ? self->other.total : self->epoch };
	struct sr_writer steps;

	if (from >= page.total)
		from = page.total > 0 ? page.total - 1 : 0;
	page.first = from;
	sr_writer_init(&steps, CLIENT_ANSWER_MAX);
	for (uint64_t e = from; e < page.total && page.count < self->page_steps; e++) {
		if (other && e >= self->other.fork)
			step_other(self, &steps, e);
		else
			step(&steps, &self->steps[e].header, &self->steps[e].cert,
			    self->records[e + 1]);
		page.count++;
	}
	page.steps = (struct sr_bytes){ steps.p, steps.n };
	epoch_trail_page_write(w, &page);
	sr_writer_clear(&steps);
}

/* --- the way there and back --- */

static void give(struct rpc_call *call, const struct sr_writer *w)
{
	must(w->error == SR_OK, "an answer");
	call->answer = malloc(w->n + 1);
	must(call->answer != NULL, "memory");
	memcpy(call->answer, w->p, w->n);
	call->answer_n = w->n;
	call->error = SR_OK;
}

static void answer_seal(struct fake_members *self, struct rpc_call *call, uint32_t index,
    struct fake_answer *a, const struct sr_xpk *to, const struct sr_hash32 *request)
{
	struct sr_key32 ephemeral;
	struct sr_writer w;

	must_ok(sr_random_system(ephemeral.b, sizeof ephemeral.b), "random");
	sr_writer_init(&w, CLIENT_ANSWER_MAX + 4096);
	must_ok(client_answer_seal(&w, to, &ephemeral, request, a->code, index,
		    &self->votes[self->epoch][index], a->payload.p, a->payload.n), "an answer");
	give(call, &w);
	sr_writer_clear(&w);
}

static void sealed(struct fake_members *self, struct rpc_call *call, uint32_t index,
    struct fake_request *r)
{
	struct fake_answer a = { SR_OK, { 0 } };
	struct sr_hash32 request;
	struct sr_xpk to, pk;
	uint64_t epoch;
	uint8_t *plain;
	size_t n;

	must_ok(client_request_epoch(&epoch, call->payload.p, call->payload.n), "an epoch");
	call->error = epoch != self->epoch ? SR_ERR_WRONG_EPOCH : SR_OK;
	if (call->error != SR_OK)
		return;
	sr_x25519_public(&pk, &self->shielding[epoch]);
	must_ok(client_request_open(&to, &plain, &n, &request, call->method,
		    &self->genesis->chain_id, &self->shielding[epoch], &pk, call->payload.p,
		    call->payload.n), "a request");
	r->payload = (struct sr_bytes){ plain, n };
	sr_writer_init(&a.payload, CLIENT_ANSWER_MAX);
	if (call->method == CLIENT_SUBMIT)
		submit(self, r, &a);
	else if (call->method == CLIENT_SHARE)
		self->share(self, r, &a);
	else
		get(self, r, &a);
	if (self->after != NULL)
		self->after(self, r, &a);
	/* The epoch may have ended meanwhile. */
	if (epoch == self->epoch)
		answer_seal(self, call, index, &a, &to, &request);
	else
		call->error = SR_ERR_WRONG_EPOCH;
	sr_writer_clear(&a.payload);
	free(plain);
}

static void answer(struct fake_members *self, struct rpc_call *call)
{
	const struct epoch_record *now = self->records[self->epoch];
	struct fake_request r = { .method = call->method };
	struct sr_writer w;
	uint32_t index = 0;

	while (index < now->n && strcmp(now->members[index].url, call->url) != 0)
		index++;
	call->error = index < now->n ? SR_OK : SR_ERR_NOT_REACHED;
	if (call->error != SR_OK)
		return;
	r.seat = now->members[index].seat;
	r.number = ++self->counts[call->method];
	if (self->before != NULL)
		call->error = self->before(self, &r);
	if (call->error != SR_OK)
		return;
	if (call->method == CLIENT_SUBMIT || call->method == CLIENT_GET ||
	    (call->method == CLIENT_SHARE && self->share != NULL)) {
		sealed(self, call, index, &r);
		return;
	}
	must(call->method == CLIENT_TRAIL, "a method that is played");
	sr_writer_init(&w, CLIENT_ANSWER_MAX);
	trail(self, &w, call->number, self->other.by_seat[r.seat]);
	give(call, &w);
	sr_writer_clear(&w);
}

/* The one that is asked next: nothing takes any time but holds. */
static struct rpc_call *next_call(struct rpc_call *const *calls, const bool *asked, size_t n)
{
	struct rpc_call *next = NULL;

	for (size_t i = 0; i < n; i++)
		if (!asked[i] && (next == NULL || calls[i]->hold_ms < next->hold_ms))
			next = calls[i];
	return next;
}

void fake_members_run(struct rpc_call *const *calls, size_t n,
    bool (*done)(void *ctx, struct rpc_call *call), void *ctx)
{
	bool asked[SR_MEMBERS_MAX] = { false }, enough = false;
	struct rpc_call *call;

	must(n <= SR_MEMBERS_MAX, "so many calls");
	for (size_t i = 0; i < n; i++) {
		calls[i]->error = SR_ERR_CANCELLED;
		calls[i]->answer = NULL;
		calls[i]->answer_n = 0;
	}
	while (!enough && (call = next_call(calls, asked, n)) != NULL) {
		for (size_t i = 0; i < n; i++)
			asked[i] = asked[i] || calls[i] == call;
		answer(all, call);
		if (call->error == SR_ERR_CANCELLED)
			continue;
		if (call->hold_ms > all->held_ms)
			all->held_ms = call->hold_ms;
		enough = done != NULL && done(ctx, call);
	}
}
