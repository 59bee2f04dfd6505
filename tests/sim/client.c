#include "shamir/tdh2.h"
#include "tests/sim/client.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 900u
#define THINK_MS 700u

void client_account_init(struct sim *s, struct client_account *a)
{
	SR_KEY32_AUTO seed;
	struct sr_edpk pk;
	sim_fill(s, seed.b, sizeof seed.b);
	sr_ed25519_keypair(&a->sk, &pk, &seed);
	a->id.kind = VAULT_ACCOUNT_ED25519;
	memcpy(a->id.b, pk.b, 32);
}

/* --- whom --- */

uint32_t client_node(const struct sim_client *c, uint32_t index)
{
	const struct sim *s = c->sim;
	const struct sr_edpk *id = &c->epoch.members[index].id_key;
	uint32_t i = 0;
	while (i < s->people && memcmp(s->nodes[i].id.b, id->b, sizeof id->b) != 0)
		i++;
	SR_ASSERT(i < s->people);
	return i;
}

static bool may_ask(const struct sim_client *c, uint32_t node, bool anyone)
{
	const struct sim_node *at = &c->sim->nodes[node];
	if (at->gone || (at->entry != NULL && !at->invited))
		return false;
	return anyone || c->epoch.n == 0 || epoch_record_id(&c->epoch, &at->id) != EPOCH_NOBODY;
}

/* When all that it knows are gone, its operator finds out whom to ask. */
uint32_t client_next(const struct sim_client *c, uint32_t node)
{
	const struct sim *s = c->sim;
	for (int anyone = 0; anyone < 2; anyone++)
		for (uint32_t i = 1; i <= s->people; i++)
			if (may_ask(c, (node + i) % s->people, anyone == 1))
				return (node + i) % s->people;
	return node;
}

/* --- asking --- */

static void deliver(struct sim_client *c, const uint8_t *bytes, size_t n)
{
	struct sim *s = c->sim;
	struct sim_event ev = { .kind = SIM_CLIENT, .node = c->target, .from = c->method };
	ev.number = (uint64_t)(c->index + 1) << 40 | c->sequence << 8 | c->target;
	ev.bytes = sim_copy(bytes, n);
	struct sim_event again = { .kind = SIM_USER, .from = c->index, .number = c->sequence };
	uint64_t delay = 300 + sim_below(s, 3000);
	if (!c->retrying && !c->finishing) /* people think */
		delay += sim_below(s, THINK_MS * 1000);
	sim_push(s, delay + RETRY_MS * 1000 + sim_below(s, 200000), again);
	sim_push(s, delay, ev);
}

static void request(struct sim_client *c, enum client_method method, const uint8_t *p, size_t n)
{
	struct sim *s = c->sim;
	struct sr_writer w;
	SR_KEY32_AUTO ephemeral;
	struct sr_xpk answer;
	c->method = method;
	c->sequence++;
	sim_fill(s, ephemeral.b, sizeof ephemeral.b);
	sim_fill(s, c->answer_sk.b, sizeof c->answer_sk.b);
	sr_x25519_public(&answer, &c->answer_sk);
	sr_writer_init(&w, HOST_FRAME_MAX);
	SR_ASSERT(client_request_seal(&w, &c->request_hash, method, &s->parsed->chain_id,
		      c->epoch.epoch, &c->epoch.shielding_key, &ephemeral, &answer, p, n)
	    == SR_OK);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	free(c->sealed.p);
	c->sealed = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
	deliver(c, c->sealed.p, c->sealed.n);
}

static void trail_ask(struct sim_client *c)
{
	c->method = CLIENT_TRAIL;
	c->sequence++;
	deliver(c, NULL, 0);
}

void client_submit(struct sim_client *c, const struct client_account *a, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	struct sim *s = c->sim;
	struct vault_op decoded;
	struct sr_writer w;
	struct sr_sig64 sig;
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &s->parsed->chain_id, c->epoch.epoch, &a->id, a->nonce,
	    sim_now_ms(s) + 300000, kind, body);
	SR_ASSERT(w.error == SR_OK);
	sr_sign(&sig, &a->sk, "strongroom op v1", w.p, w.n);
	sr_write_sig(&w, &sig);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	c->signer = *a;
	free(c->op.p);
	c->op = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
	SR_ASSERT(vault_op_decode(&decoded, c->op.p, c->op.n) == SR_OK);
	c->op_hash = decoded.hash;
	request(c, CLIENT_SUBMIT, c->op.p, c->op.n);
}

void client_get(struct sim_client *c, enum vault_get_kind kind, const uint8_t *params, size_t n)
{
	struct sr_writer w;
	struct vault_account none = { 0 };
	sr_writer_init(&w, 4096);
	sr_write_u8(&w, (uint8_t)kind);
	sr_write_bool(&w, false);
	vault_account_write(&w, &none);
	sr_write_u64(&w, sim_now_ms(c->sim));
	sr_write_blob(&w, params, n);
	sr_write_blob(&w, NULL, 0);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	request(c, CLIENT_GET, w.p, w.n);
	sr_writer_clear(&w);
}

void client_get_number(struct sim_client *c, enum vault_get_kind kind, uint64_t number)
{
	struct sr_writer w;
	sr_writer_init(&w, 8);
	sr_write_u64(&w, number);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	client_get(c, kind, w.p, w.n);
	sr_writer_clear(&w);
}

void client_get_account(struct sim_client *c, const struct vault_account *a)
{
	struct sr_writer w;
	sr_writer_init(&w, 64);
	vault_account_write(&w, a);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	client_get(c, VAULT_GET_ACCOUNT, w.p, w.n);
	sr_writer_clear(&w);
}

void client_share(struct sim_client *c, const struct sr_hash32 *ticket)
{
	request(c, CLIENT_SHARE, ticket->b, sizeof ticket->b);
}

void client_done(struct sim_client *c)
{
	c->done = true;
	c->sequence++;
}

void client_submit_op(struct sim_client *c, const uint8_t *p, size_t n)
{
	struct vault_op decoded;
	free(c->op.p);
	c->op = sim_copy(p, n);
	SR_ASSERT(vault_op_decode(&decoded, c->op.p, c->op.n) == SR_OK);
	c->op_hash = decoded.hash;
	request(c, CLIENT_SUBMIT, c->op.p, c->op.n);
}

/* --- answers --- */

/* The node is in another epoch than I believed: what it says is checked from the genesis. */
static void follow(struct sim_client *c)
{
	c->resume = c->method;
	c->following = true;
	/* It may be the one that is behind. */
	c->target = client_next(c, c->target);
	trail_ask(c);
}

/* An operation is of one epoch. Once that is over it can't become final any more: the same again,
 * for the new one. */
#define OP_EPOCH_AT 33u
static uint64_t op_epoch(const struct sim_client *c)
{
	uint64_t epoch = 0;
	for (size_t i = 0; i < 8; i++)
		epoch |= (uint64_t)c->op.p[OP_EPOCH_AT + i] << (8 * i);
	return epoch;
}

static void op_renew(struct sim_client *c)
{
	struct sr_hash32 before = c->op_hash;
	struct vault_op decoded;
	struct sr_sig64 sig;
	size_t n = c->op.n - sizeof sig.b;
	if (c->kind->renew != NULL) {
		c->kind->renew(c);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		c->op.p[OP_EPOCH_AT + i] = (uint8_t)(c->epoch.epoch >> (8 * i));
	sr_sign(&sig, &c->signer.sk, "strongroom op v1", c->op.p, n);
	memcpy(c->op.p + n, sig.b, sizeof sig.b);
	SR_ASSERT(vault_op_decode(&decoded, c->op.p, c->op.n) == SR_OK);
	c->op_hash = decoded.hash;
	if (c->kind->moved != NULL)
		c->kind->moved(c, &before);
	request(c, CLIENT_SUBMIT, c->op.p, c->op.n);
}

/* As the file that a joiner's host reads: count, steps. */
static struct sim_bytes trail_file(const struct epoch_trail_page *page)
{
	struct sim_bytes out = { malloc(page->steps.n + 4), page->steps.n + 4 };
	SR_ASSERT(out.p != NULL);
	for (int k = 0; k < 4; k++)
		out.p[k] = (uint8_t)(page->count >> (8 * k));
	memcpy(out.p + 4, page->steps.p, page->steps.n);
	return out;
}

static void trail_keep(struct sim_client *c, const struct epoch_record *newest,
    const struct epoch_trail_page *page)
{
	struct sim *s = c->sim;
	if (newest->epoch == 1 && s->first_trail.p == NULL)
		s->first_trail = trail_file(page);
	if (c->kind->renew == NULL || newest->epoch < c->epoch.epoch)
		return;
	free(c->trail.p);
	c->trail = trail_file(page);
}

static void answer_trail(struct sim_client *c, struct sr_bytes answer)
{
	struct epoch_trail_walk walk;
	struct epoch_trail_page page;
	struct sr_reader r;
	enum sr_error err = epoch_trail_begin(&walk, c->sim->parsed);
	SR_ASSERT(err == SR_OK);
	err = epoch_trail_page_read(&page, answer.p, answer.n);
	sr_reader_init(&r, page.steps.p, page.steps.n);
	for (uint32_t i = 0; err == SR_OK && i < page.count; i++)
		err = epoch_trail_step(&walk, &r);
	/* Few epochs: one page has all, or all but what its sender has just begun. */
	if (err != SR_OK || sr_reader_finish(&r) != SR_OK || page.first != 0 ||
	    page.count > page.total) {
		sim_violate(c->sim, "an epoch trail that does not verify: %s, %llu of %llu",
		    sr_error_name((unsigned)err), (unsigned long long)page.count,
		    (unsigned long long)page.total);
		epoch_trail_end(&walk);
		return;
	}
	struct epoch_record newest = *walk.now;
	epoch_trail_end(&walk);
	if (newest.epoch == 0)
		return;
	trail_keep(c, &newest, &page);
	bool moved = newest.epoch > c->epoch.epoch;
	if (moved)
		c->epoch = newest;
	if (!c->following) {
		c->kind->begin(c);
		return;
	}
	c->following = false;
	c->method = c->resume;
	if (moved && c->kind->moved != NULL)
		c->kind->moved(c, &c->op_hash);
	if (c->method == CLIENT_SUBMIT)
		request(c, CLIENT_SUBMIT, c->op.p, c->op.n);
	else
		c->kind->again(c);
}

/* What a refusal by one node alone may mean: it is behind, busy, cut off. Ask elsewhere. */
static bool passing(enum sr_error code)
{
	switch ((unsigned)code) {
	case SR_ERR_NOT_READY: case SR_ERR_TOO_MANY: case SR_ERR_RECOVERING: case SR_ERR_NOT_FINAL:
	case SR_ERR_ECLIPSED: case SR_ERR_POOL_FULL: case SR_ERR_NONCE_AHEAD: case SR_ERR_STALE:
	case SR_ERR_TIMED_OUT: case SR_ERR_NO_SUCH_TICKET: case SR_ERR_WRONG_EPOCH:
	case SR_ERR_DISK_FULL:
		return true;
	default:
		return false;
	}
}

static void answer_submit(struct sim_client *c, enum sr_error code, struct sr_bytes payload)
{
	struct vault_receipt receipt = { .code = (uint16_t)code };
	struct sr_reader r;
	if (code == SR_ERR_WRONG_EPOCH && op_epoch(c) < c->epoch.epoch) {
		op_renew(c);
		return;
	}
	if (passing(code)) {
		sim_say(c->sim, "client %u: %s", c->index, sr_error_name((unsigned)code));
		return;
	}
	if (payload.n > 0) {
		sr_reader_init(&r, payload.p, payload.n);
		vault_receipt_read(&receipt, &r);
		if (sr_reader_finish(&r) != SR_OK) {
			sim_violate(c->sim, "client %u: a receipt that does not parse", c->index);
			return;
		}
	}
	if (receipt.code == SR_OK && receipt.height == 0) {
		sim_violate(c->sim, "client %u: accepted without a block", c->index);
		return;
	}
	c->sim->acknowledged += receipt.code == SR_OK;
	if (receipt.height > c->sim->acknowledged_height)
		c->sim->acknowledged_height = receipt.height;
	c->kind->submitted(c, (enum sr_error)receipt.code,
	    receipt.height == 0 ? NULL : &receipt);
}

static void answer(struct sim_client *c, enum sr_error code, struct sr_bytes payload,
    struct sim_node *from)
{
	if (c->method == CLIENT_SUBMIT)
		answer_submit(c, code, payload);
	else if (c->method == CLIENT_SHARE)
		c->kind->shared(c, code, payload, from);
	else if (code == SR_OK)
		c->kind->got(c, payload);
}

void sim_user_reply(
    struct sim_node *process, uint64_t token, enum sr_error code, struct sr_bytes bytes)
{
	struct sim *s = process->sim;
	uint64_t who = token >> 40;
	struct sim_client *c = who >= 1 && who <= s->clients_n ? s->clients[who - 1] : NULL;
	struct sr_edpk keys[SR_MEMBERS_MAX];
	uint8_t *payload = NULL;
	size_t payload_n = 0;
	enum sr_error inner;
	uint32_t member;
	if (c == NULL || ((token >> 8) & 0xffffffffu) != c->sequence)
		return; /* an answer to a request that is over */
	if (c->method == CLIENT_TRAIL) {
		if (code == SR_OK)
			answer_trail(c, bytes);
		return;
	}
	if (bytes.n == 0) { /* the request could not be opened */
		if (code == SR_ERR_WRONG_EPOCH)
			follow(c);
		return;
	}
	for (uint32_t i = 0; i < c->epoch.n; i++)
		keys[i] = c->epoch.members[i].vote_key;
	enum sr_error err = client_answer_open(&inner, &member, &payload, &payload_n,
	    &c->answer_sk, &c->request_hash, keys, c->epoch.n, bytes.p, bytes.n);
	if (err != SR_OK || client_node(c, member) != process->index) {
		sim_violate(s, "node %u: an answer that does not verify: %s", process->index,
		    sr_error_name((unsigned)err));
		return;
	}
	answer(c, inner, (struct sr_bytes){ payload, payload_n }, process);
	free(payload);
}

void sim_user_wake(struct sim *s, uint32_t user, uint64_t sequence)
{
	struct sim_client *c = s->clients[user];
	if (sequence != c->sequence || c->done)
		return;
	c->target = client_next(c, c->target);
	c->retrying = true;
	if (c->method == CLIENT_TRAIL)
		trail_ask(c);
	else if (c->method == CLIENT_SUBMIT)
		request(c, CLIENT_SUBMIT, c->op.p, c->op.n); /* the same operation */
	else
		c->kind->again(c);
	c->retrying = false;
}

/* --- all of them --- */

void client_add(struct sim *s, struct sim_client *c, const struct client_kind *kind)
{
	SR_ASSERT(s->clients_n < SIM_CLIENTS_MAX);
	c->sim = s;
	c->index = s->clients_n;
	c->kind = kind;
	c->target = (uint32_t)sim_below(s, s->n);
	c->method = CLIENT_TRAIL;
	s->clients[s->clients_n++] = c;
	struct sim_event ev = { .kind = SIM_USER, .from = c->index, .number = 0 };
	sim_push(s, 100000, ev);
}

void client_clear(struct sim_client *c)
{
	free(c->op.p);
	free(c->sealed.p);
	free(c->trail.p);
}

void sim_users_finish(struct sim *s)
{
	for (uint32_t i = 0; i < s->clients_n; i++) {
		struct sim_client *c = s->clients[i];
		c->finishing = true;
		if (c->kind->finish != NULL)
			c->kind->finish(c);
	}
}

bool sim_users_done(const struct sim *s)
{
	for (uint32_t i = 0; i < s->clients_n; i++)
		if (!s->clients[i]->done)
			return false;
	return true;
}

void sim_users_check(struct sim *s, struct vault_tree *state)
{
	for (uint32_t i = 0; i < s->clients_n; i++)
		s->clients[i]->kind->check(s->clients[i], state);
}

/* --- secrets --- */

void client_secret_body(struct sim_client *c, struct client_secret *secret,
    const struct vault_account *owner, struct sr_bytes policy, struct sr_bytes name,
    uint8_t payload[96], struct vault_op_secret_put *put)
{
	struct sim *s = c->sim;
	SR_KEY32_AUTO seed;
	struct sr_drbg drbg;
	struct sr_point y;
	struct sr_writer ct;
	struct sr_hash32 policy_hash = vault_policy_hash(policy);
	put->id = secret->id;
	put->version = secret->version;
	put->policy = policy;
	put->name = name;
	secret->label = vault_label(&s->parsed->chain_id, &secret->id, owner, &policy_hash);
	sim_fill(s, seed.b, sizeof seed.b);
	sr_drbg_init(&drbg, &seed);
	SR_ASSERT(sr_point_decode(&y, c->epoch.vault_key) == SR_OK);
	SR_ASSERT(shamir_tdh2_encrypt(&secret->ct, &secret->key, &y, secret->label.b,
		      sizeof secret->label.b, &drbg) == SR_OK);
	sr_writer_init(&ct, SHAMIR_TDH2_CT_SIZE);
	shamir_tdh2_ct_write(&ct, &secret->ct);
	SR_ASSERT(sr_writer_finish(&ct) == SR_OK && ct.n == VAULT_TDH2_BYTES);
	memcpy(put->key.tdh2, ct.p, ct.n);
	sr_writer_clear(&ct);
	sim_fill(s, put->key.dek, sizeof put->key.dek);
	sim_fill(s, put->key.owner_dek, sizeof put->key.owner_dek);
	sim_fill(s, payload, 96);
	put->payload.inlined = true;
	put->payload.plain_bytes = 96 - SR_GCM_TAG;
	put->payload.inline_bytes = (struct sr_bytes){ payload, 96 };
}
