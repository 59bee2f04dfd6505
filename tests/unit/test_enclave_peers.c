/* What one core believes of another, of clients, and of what comes too early. */
#include <stdlib.h>
#include <string.h>

#include "consensus/internal.h"
#include "enclave/internal.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"

#define NODES 4u

/* Node 0 of a cluster, taken out of its loop. */
struct stage {
	struct cluster *c;
	struct enclave_core *core;
	struct enclave_effects effects;
};

static void stage_take(struct stage *s)
{
	const struct sr_key32 seed = { { 3 } };

	s->core = s->c->nodes[0].core;
	enclave_effects_init(&s->effects);
	s->core->out = &s->effects;
	sr_drbg_init(&s->core->drbg, &seed);
}

static struct cluster *cluster_quiet(uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = seed });

	c->quiet = true;
	return c;
}

static void stage_open(struct stage *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->c = cluster_quiet(seed);
	cluster_start_all(s->c);
	ck_assert(cluster_run_epoch(s->c, 1, 60000));
	stage_take(s);
}

static void stage_close(struct stage *s)
{
	s->core->out = NULL;
	enclave_effects_clear(&s->effects);
	cluster_free(s->c);
}

/* --- heads --- */

/* What member 2 says of itself; changed by the test before it is said. */
struct head {
	uint64_t epoch, signed_epoch, height;
	struct sr_hash32 nonce, hash;
	struct sr_edsk key;
};

static struct head head_of(const struct stage *s)
{
	struct head h = { .epoch = 1, .signed_epoch = 1, .height = 9,
		.nonce = s->core->round.nonce };

	h.key = s->c->nodes[2].core->keys->now.vote;
	return h;
}

/* How many members the round has heard after this. */
static uint32_t head_say(struct stage *s, const struct head *h)
{
	struct sr_writer signed_part, w;
	struct sr_sig64 sig;

	sr_writer_init(&signed_part, 256);
	sr_write_hash(&signed_part, &s->core->genesis->chain_id);
	sr_write_u64(&signed_part, h->signed_epoch);
	sr_write_hash(&signed_part, &h->nonce);
	sr_write_u64(&signed_part, h->height);
	sr_write_hash(&signed_part, &h->hash);
	sr_sign(&sig, &h->key, "strongroom head v1", signed_part.p, signed_part.n);
	sr_writer_init(&w, 256);
	sr_write_u8(&w, CORE_HEAD);
	sr_write_u64(&w, h->epoch);
	sr_write_hash(&w, &h->nonce);
	sr_write_u64(&w, h->height);
	sr_write_hash(&w, &h->hash);
	sr_write_sig(&w, &sig);
	ck_ok(w.error);
	ck_ok(peers_receive(s->core, 2, w.p, w.n));
	sr_writer_clear(&signed_part);
	sr_writer_clear(&w);
	return s->core->round.heard_n;
}

/* Somebody waits for a share, so that the challenge stays out. */
static void ask(struct stage *s)
{
	struct core_client *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	c->kind = WAIT_SHARE;
	s->core->clients = c;
	s->core->clients_n = 1;
	s->core->round.open = true;
	s->core->round.nonce.b[0] = 77;
}

START_TEST(a_head_is_signed_by_its_member_for_this_challenge_in_this_epoch)
{
	struct head h;
	struct stage s;

	stage_open(&s, 61);
	ask(&s);
	h = head_of(&s);
	h.key = s.c->nodes[3].core->keys->now.vote;
	ck_assert_uint_eq(head_say(&s, &h), 0);
	h = head_of(&s);
	h.nonce.b[31] ^= 1;
	ck_assert_uint_eq(head_say(&s, &h), 0);
	h = head_of(&s);
	h.epoch = 0;
	ck_assert_uint_eq(head_say(&s, &h), 0);
	h = head_of(&s);
	h.signed_epoch = 0;
	ck_assert_uint_eq(head_say(&s, &h), 0);
	h = head_of(&s);
	s.core->round.open = false;
	ck_assert_uint_eq(head_say(&s, &h), 0);
	s.core->round.open = true;
	ck_assert_uint_eq(head_say(&s, &h), 1);
	stage_close(&s);
}
END_TEST

/* --- admission --- */

static void operation_say(struct stage *s, struct cluster_key *key, uint64_t nonce)
{
	union vault_op_body mint = { .nft_mint = { 0, key->account, { (const uint8_t *)"x", 1 } } };
	struct sr_writer op, msg;

	key->nonce = nonce;
	sr_writer_init(&op, SR_OP_MAX);
	cluster_op_write(&op, s->c, key, VAULT_OP_NFT_MINT, &mint);
	sr_writer_init(&msg, SR_OP_MAX + 1);
	sr_write_u8(&msg, CORE_OPERATION);
	sr_write_copy(&msg, op.p, op.n);
	ck_ok(msg.error);
	ck_ok(peers_receive(s->core, 2, msg.p, msg.n));
	sr_writer_clear(&op);
	sr_writer_clear(&msg);
}

START_TEST(before_the_first_key_no_client_s_operation_is_pooled)
{
	struct stage s = { .c = cluster_quiet(62) };
	struct cluster_key key;
	size_t before;

	cluster_start(s.c, 0);
	cluster_key_make(&key, s.c);
	stage_take(&s);
	before = pool_count(s.core->pool); /* its own dealing */
	operation_say(&s, &key, 0);
	ck_assert_uint_eq(pool_count(s.core->pool), before);
	stage_close(&s);
}
END_TEST

START_TEST(a_nonce_may_be_so_far_ahead_and_no_further)
{
	struct cluster_key key;
	struct stage s;

	stage_open(&s, 63);
	cluster_key_make(&key, s.c);
	operation_say(&s, &key, CORE_NONCE_WINDOW + 1);
	ck_assert_uint_eq(pool_count(s.core->pool), 0);
	operation_say(&s, &key, CORE_NONCE_WINDOW);
	ck_assert_uint_eq(pool_count(s.core->pool), 1);
	stage_close(&s);
}
END_TEST

/* --- what a peer may take of the others' time --- */

static void peer_say(struct stage *s, uint32_t seat, struct sr_writer *op)
{
	struct sr_writer msg;

	sr_writer_init(&msg, SR_OP_MAX + 1);
	sr_write_u8(&msg, CORE_OPERATION);
	sr_write_copy(&msg, op->p, op->n);
	ck_ok(msg.error);
	ck_ok(peers_receive(s->core, seat, msg.p, msg.n));
	sr_writer_clear(&msg);
	sr_writer_clear(op);
}

/* An acknowledgement of this node's while the first key is made, of a set that may come about. */
static bool ack_taken(struct stage *s, uint32_t node, unsigned salt)
{
	struct epoch_context ctx = core_epoch_context(s->core);
	uint8_t ack[sizeof(struct epoch_set) + SHAMIR_PROOF_SIZE + 32u] = { 0x0f };
	struct sr_writer w;

	memcpy(ack + sizeof(struct epoch_set), &salt, sizeof(salt));
	pool_drop_all(s->core->pool);
	sr_writer_init(&w, SR_OP_MAX);
	ck_ok(epoch_op_write(&w, &ctx, EPOCH_OP_ACK, &s->c->nodes[node].core->keys->now.vote, ack,
	    sizeof(ack)));
	peer_say(s, s->c->nodes[node].core->seat, &w);
	return pool_count(s->core->pool) > 0;
}

static uint32_t acks_taken(struct stage *s, uint32_t node)
{
	static unsigned salt;
	uint32_t taken = 0;

	for (unsigned i = 0; i < 200; i++)
		taken += ack_taken(s, node, ++salt) ? 1 : 0;
	return taken;
}

static void hold_rubbish_say(struct stage *s, uint32_t node)
{
	static const uint8_t zeros[VAULT_HOLD_BATCH_BYTES];
	struct sr_writer w;

	sr_writer_init(&w, SR_OP_MAX);
	ck_ok(hold_op_write(&w, &s->core->genesis->chain_id, 0, VAULT_HOLD_DEAL,
	    &s->c->nodes[node].core->keys->now.vote,
	    (struct sr_bytes){ zeros, sizeof(zeros) }));
	peer_say(s, s->c->nodes[node].core->seat, &w);
}

/* Else who sends what is long to try, and is then refused, keeps votes waiting behind it. */
START_TEST(what_a_peer_s_operations_take_of_the_time_has_a_bound_of_its_own)
{
	const uint64_t most = CORE_EFFORT_US / NODES;
	struct stage s = { .c = cluster_quiet(74) };

	for (uint32_t i = 0; i < NODES; i++)
		cluster_start(s.c, i);
	stage_take(&s);
	for (unsigned i = 0; i < 50; i++)
		hold_rubbish_say(&s, 1);
	ck_assert_uint_le(s.core->hold_effort[1].us, most);
	ck_assert_uint_gt(s.core->hold_effort[1].us, most - 10000);
	/* Neither a change nor others pay for it. */
	ck_assert_uint_eq(acks_taken(&s, 1), most / 1000);
	ck_assert_uint_eq(acks_taken(&s, 2), most / 1000);
	ck_assert_uint_eq(acks_taken(&s, 1), 0);
	s.core->now_ms += 100;
	ck_assert_uint_eq(acks_taken(&s, 1), CORE_EFFORT_PERCENT / NODES);
	s.core->now_ms += 1000000;
	ck_assert_uint_eq(acks_taken(&s, 1), most / 1000);
	s.core->now->record.n = SR_MEMBERS_MAX;
	s.core->now_ms += 1000000;
	ck_assert_uint_eq(acks_taken(&s, 1), CORE_EFFORT_LEAST_US / 1000);
	s.core->now->record.n = NODES;
	stage_close(&s);
}
END_TEST

/* --- the next epoch's messages --- */

static void early_say(struct stage *s, uint32_t seat, uint64_t epoch, size_t n)
{
	uint8_t *msg = calloc(1, 9 + n);

	ck_assert_ptr_nonnull(msg);
	msg[0] = CORE_CONSENSUS;
	msg[1] = (uint8_t)epoch;
	ck_ok(peers_receive(s->core, seat, msg, 9 + n));
	free(msg);
}

START_TEST(a_little_is_kept_of_what_comes_for_the_next_epoch)
{
	struct stage s;

	stage_open(&s, 64);
	early_say(&s, 2, 3, 10);
	ck_assert_uint_eq(s.core->ahead_n, 0);
	for (unsigned i = 0; i < CORE_AHEAD_MAX + 5; i++)
		early_say(&s, 2, 2, 10);
	ck_assert_uint_eq(s.core->ahead_n, CORE_AHEAD_MAX / NODES);
	peers_ahead_drop(s.core);
	early_say(&s, 2, 2, CORE_AHEAD_BYTES_MAX / NODES + 1);
	ck_assert_uint_eq(s.core->ahead_n, 0);
	early_say(&s, 2, 2, CORE_AHEAD_BYTES_MAX / NODES);
	early_say(&s, 2, 2, 1);
	ck_assert_uint_eq(s.core->ahead_n, 1);
	ck_assert_uint_eq(s.core->ahead_bytes, CORE_AHEAD_BYTES_MAX / NODES);
	stage_close(&s);
}
END_TEST

static void early_from(struct stage *s, uint32_t seat)
{
	early_say(s, seat, 2, 10);
}

/* Else one liar's noise would take the place of the first votes. */
START_TEST(of_each_member_something_is_kept_for_the_next_epoch_whatever_others_send)
{
	struct stage s;

	stage_open(&s, 70);
	for (unsigned i = 0; i < CORE_AHEAD_MAX; i++)
		early_from(&s, 3);
	early_from(&s, 1);
	ck_assert_uint_eq(s.core->ahead_n, CORE_AHEAD_MAX / NODES + 1);
	peers_ahead_drop(s.core);
	/* Of many members, so much of each. */
	s.core->now->record.n = SR_MEMBERS_MAX;
	for (unsigned i = 0; i < CORE_AHEAD_MAX; i++)
		early_from(&s, 3);
	ck_assert_uint_eq(s.core->ahead_n, CORE_AHEAD_LEAST);
	peers_ahead_drop(s.core);
	early_say(&s, 3, 2, CORE_AHEAD_BYTES_LEAST + 1);
	ck_assert_uint_eq(s.core->ahead_n, 0);
	early_say(&s, 3, 2, CORE_AHEAD_BYTES_LEAST);
	ck_assert_uint_eq(s.core->ahead_n, 1);
	s.core->now->record.n = NODES;
	stage_close(&s);
}
END_TEST

/* They could be any client's. */
START_TEST(operations_take_at_most_half_of_a_member_s_share)
{
	struct cluster_key key;
	struct stage s;

	stage_open(&s, 71);
	cluster_key_make(&key, s.c);
	s.core->now->record.epoch = 0;
	for (uint64_t i = 0; i < CORE_AHEAD_MAX; i++)
		operation_say(&s, &key, i);
	ck_assert_uint_eq(s.core->ahead_n, CORE_AHEAD_MAX / NODES / 2);
	s.core->now->record.epoch = 1;
	stage_close(&s);
}
END_TEST

/* Who believes to be late asks before it votes: for 15 s, when the liar does not answer. */
START_TEST(one_liar_makes_nobody_believe_that_the_next_epoch_began_without_him)
{
	struct stage s;

	stage_open(&s, 66);
	s.core->now_ms = 1000000;
	early_from(&s, 2);
	early_from(&s, 2);
	ck_assert_uint_eq(s.core->ahead_since_ms, 0);
	early_from(&s, 3);
	ck_assert_uint_eq(s.core->ahead_since_ms, 1000000);
	stage_close(&s);
}
END_TEST

START_TEST(of_who_has_no_part_in_this_epoch_nothing_is_kept_for_the_next)
{
	struct stage s;

	stage_open(&s, 67);
	s.core->peers[9] = s.core->peers[1];
	s.core->peers[9].id.b[0] ^= 1;          /* a candidate who waits, or was refused */
	early_from(&s, 9);
	ck_assert_uint_eq(s.core->ahead_n, 0);
	ck_assert_uint_eq(s.core->ahead_since_ms, 0);
	s.core->now->guests[0] = 9;             /* one who is admitted, and follows this epoch */
	early_from(&s, 9);
	ck_assert_uint_eq(s.core->ahead_n, 0);
	stage_close(&s);
}
END_TEST

/* --- clients --- */

static enum sr_error code_of(struct cluster *c, enum client_method method,
    const struct sr_writer *w)
{
	enum sr_error code = SR_OK, error;
	uint8_t *answer;
	size_t n;

	ck_ok(w->error);
	error = cluster_ask(c, 0, method, w->p, w->n, &code, &answer, &n, 30000);
	free(answer);
	return error != SR_OK ? error : code;
}

START_TEST(a_request_sealed_for_another_epoch_is_named)
{
	struct cluster *c = cluster_quiet(65);
	uint8_t request[200] = { 7 };
	size_t token;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	token = cluster_request(c, 0, CLIENT_GET, request, sizeof(request));
	ck_error(c->replies[token].code, SR_ERR_WRONG_EPOCH);
	request[0] = 1;
	token = cluster_request(c, 0, CLIENT_GET, request, sizeof(request));
	ck_error(c->replies[token].code, SR_ERR_DECRYPT_FAILED);
	cluster_free(c);
}
END_TEST

START_TEST(a_member_s_operation_is_not_taken_from_a_client)
{
	struct cluster *c = cluster_quiet(66);
	struct epoch_context ctx = { .now = NULL };
	struct sr_writer op;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	ctx.chain_id = c->genesis->chain_id;
	ctx.now = enclave_core_epoch(c->nodes[0].core);
	sr_writer_init(&op, SR_OP_MAX);
	ck_ok(epoch_op_write(&op, &ctx, EPOCH_OP_ACK, &c->nodes[2].core->keys->now.vote,
	    (const uint8_t *)"x", 1));
	ck_error(code_of(c, CLIENT_SUBMIT, &op), SR_ERR_BAD_KIND);
	sr_writer_clear(&op);
	cluster_free(c);
}
END_TEST

START_TEST(an_open_operation_is_a_client_s_to_send_and_refused_for_its_own_reason)
{
	struct cluster *c = cluster_quiet(67);
	struct epoch_context ctx = { .now = NULL };
	struct sr_edsk stranger;
	struct sr_edpk pk;
	struct sr_writer op;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	ctx.chain_id = c->genesis->chain_id;
	ctx.now = enclave_core_epoch(c->nodes[0].core);
	sr_ed25519_keypair(&stranger, &pk, &(struct sr_key32){ { 9 } });
	sr_writer_init(&op, SR_OP_MAX);
	ck_ok(epoch_op_write(&op, &ctx, EPOCH_OP_REFRESH, &stranger, NULL, 0));
	ck_error(code_of(c, CLIENT_SUBMIT, &op), SR_ERR_WRONG_KEY);
	sr_writer_clear(&op);
	cluster_free(c);
}
END_TEST

/* A read in the name of an account; the signature is not its. */
static void get_write(struct sr_writer *w, const struct vault_account *who, uint64_t time_ms)
{
	static const uint8_t nobodys[64];

	sr_writer_init(w, 1024);
	sr_write_u8(w, VAULT_GET_META);
	sr_write_bool(w, false);
	vault_account_write(w, who);
	sr_write_u64(w, time_ms);
	sr_write_blob(w, NULL, 0);
	sr_write_blob(w, nobodys, sizeof(nobodys));
}

START_TEST(a_read_is_signed_and_of_these_minutes)
{
	struct cluster *c = cluster_quiet(67);
	struct cluster_key key;
	struct sr_writer w;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_key_make(&key, c);
	get_write(&w, &key.account, c->now_ms);
	ck_error(code_of(c, CLIENT_GET, &w), SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
	get_write(&w, &key.account, c->now_ms - CORE_GET_SKEW_MS - 1);
	ck_error(code_of(c, CLIENT_GET, &w), SR_ERR_EXPIRED);
	sr_writer_clear(&w);
	get_write(&w, &key.account, c->now_ms + CORE_GET_SKEW_MS + 60000);
	ck_error(code_of(c, CLIENT_GET, &w), SR_ERR_EXPIRED);
	sr_writer_clear(&w);
	cluster_free(c);
}
END_TEST

/* Without parameters every kind but META is cut short; none is unknown. */
START_TEST(every_kind_of_read_is_known_and_no_other)
{
	static const struct vault_account nobody;
	struct cluster *c = cluster_quiet(71);
	struct sr_writer w;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	for (unsigned kind = 0; kind <= VAULT_GET_LAST + 1u; kind++) {
		sr_writer_init(&w, 1024);
		sr_write_u8(&w, (uint8_t)kind);
		sr_write_bool(&w, false);
		vault_account_write(&w, &nobody);
		sr_write_u64(&w, c->now_ms);
		sr_write_blob(&w, NULL, 0);
		sr_write_blob(&w, NULL, 0);
		ck_error(code_of(c, CLIENT_GET, &w),
		    kind == 0 || kind > VAULT_GET_LAST ? SR_ERR_BAD_KIND :
		    kind == VAULT_GET_META ? SR_OK : SR_ERR_TRUNCATED);
		sr_writer_clear(&w);
	}
	cluster_free(c);
}
END_TEST

START_TEST(ten_thousand_clients_may_wait)
{
	struct cluster *c = cluster_quiet(68);
	struct sr_writer ticket;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	sr_writer_init(&ticket, 32);
	sr_write_hash(&ticket, &(struct sr_hash32){ { 9 } });
	c->nodes[0].core->clients_n = CORE_CLIENTS_MAX;
	ck_error(code_of(c, CLIENT_SHARE, &ticket), SR_ERR_TOO_MANY);
	c->nodes[0].core->clients_n = CORE_CLIENTS_MAX - 1;
	ck_error(code_of(c, CLIENT_SHARE, &ticket), SR_ERR_NO_SUCH_TICKET);
	c->nodes[0].core->clients_n = 0;
	sr_writer_clear(&ticket);
	cluster_free(c);
}
END_TEST

/* An operation of this kind that waits in node 0's pool for an earlier nonce. */
static struct sr_hash32 pooled(struct cluster *c, struct cluster_key *key, enum vault_op_kind kind)
{
	const union vault_op_body mint = { .nft_mint = { 0, key->account,
		{ (const uint8_t *)"x", 1 } } };
	union vault_op_body b;
	struct sr_writer w;
	struct vault_op op;

	memset(&b, 0, sizeof(b));
	if (kind == VAULT_OP_NFT_MINT)
		b = mint;
	key->nonce += 5;
	sr_writer_init(&w, SR_OP_MAX);
	cluster_op_write(&w, c, key, kind, &b);
	ck_ok(w.error);
	ck_ok(vault_op_decode(&op, w.p, w.n));
	ck_ok(pool_add(c->nodes[0].core->pool, c->nodes[0].core, &op, w.p, w.n, true));
	sr_writer_clear(&w);
	return op.hash;
}

static void share_ask(struct cluster *c, const struct sr_hash32 *subject)
{
	const struct epoch_record *r = enclave_core_epoch(c->nodes[0].core);
	const struct sr_key32 ephemeral = { { 7 } }, secret = { { 5 } };
	struct sr_hash32 request;
	struct sr_xpk answer;
	struct sr_writer w;

	sr_x25519_public(&answer, &secret);
	sr_writer_init(&w, 4096);
	ck_ok(client_request_seal(&w, &request, CLIENT_SHARE, &c->genesis->chain_id, r->epoch,
	    &r->shielding_key, &ephemeral, &answer, subject->b, sizeof(subject->b)));
	(void)cluster_request(c, 0, CLIENT_SHARE, w.p, w.n);
	sr_writer_clear(&w);
}

/* Else one request, sent ten thousand times, would take the places of all. */
START_TEST(sixteen_may_wait_for_the_same_and_others_are_not_kept_out)
{
	struct cluster *c = cluster_quiet(72);
	struct sr_hash32 subject, other;
	struct cluster_key key;
	struct sr_writer ticket;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_key_make(&key, c);
	subject = pooled(c, &key, VAULT_OP_RETRIEVE);
	other = pooled(c, &key, VAULT_OP_RETRIEVE);
	for (unsigned i = 0; i < CORE_CLIENTS_SUBJECT_MAX; i++)
		share_ask(c, &subject);
	ck_assert_uint_eq(c->nodes[0].core->clients_n, CORE_CLIENTS_SUBJECT_MAX);
	sr_writer_init(&ticket, 32);
	sr_write_hash(&ticket, &subject);
	ck_error(code_of(c, CLIENT_SHARE, &ticket), SR_ERR_TOO_MANY);
	share_ask(c, &other);
	ck_assert_uint_eq(c->nodes[0].core->clients_n, CORE_CLIENTS_SUBJECT_MAX + 1);
	sr_writer_clear(&ticket);
	cluster_free(c);
}
END_TEST

struct minting {
	struct sr_writer op;
	struct sr_hash32 hash, request;
	size_t token;
};

/* By an account of its own, so that it depends on no other. */
static void minting_make(struct minting *m, struct cluster *c)
{
	struct cluster_key key;
	union vault_op_body b;
	struct vault_op op;

	memset(&b, 0, sizeof(b));
	memset(&key, 0, sizeof(key));
	cluster_key_make(&key, c);
	b.nft_mint.to = key.account;
	b.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"x", 1 };
	sr_writer_init(&m->op, SR_OP_MAX);
	cluster_op_write(&m->op, c, &key, VAULT_OP_NFT_MINT, &b);
	ck_ok(vault_op_decode(&op, m->op.p, m->op.n));
	m->hash = op.hash;
}

static uint32_t list_number(const struct minting *m)
{
	return ((uint32_t)m->hash.b[0] | (uint32_t)m->hash.b[1] << 8) % CORE_RECEIPT_LISTS;
}

static const struct sr_key32 minter = { { 5 } };

static void minting_ask(struct minting *m, struct cluster *c)
{
	const struct epoch_record *r = enclave_core_epoch(c->nodes[0].core);
	const struct sr_key32 ephemeral = { { 7 } };
	struct sr_xpk answer;
	struct sr_writer w;

	sr_x25519_public(&answer, &minter);
	sr_writer_init(&w, CLIENT_REQUEST_MAX);
	ck_ok(client_request_seal(&w, &m->request, CLIENT_SUBMIT, &c->genesis->chain_id, r->epoch,
	    &r->shielding_key, &ephemeral, &answer, m->op.p, m->op.n));
	m->token = cluster_request(c, 0, CLIENT_SUBMIT, w.p, w.n);
	sr_writer_clear(&w);
}

static bool minting_done(struct cluster *c, void *ctx)
{
	return c->replies[((struct minting *)ctx)->token].done;
}

/* The receipt of its own operation, sealed in answer to its own request. */
static void minting_check(struct minting *m, struct cluster *c)
{
	const struct epoch_record *epoch = enclave_core_epoch(c->nodes[0].core);
	struct cluster_reply *reply = &c->replies[m->token];
	struct sr_edpk keys[SR_MEMBERS_MAX];
	struct vault_receipt receipt;
	enum sr_error code;
	struct sr_reader r;
	uint32_t member;
	uint8_t *p;
	size_t n;

	ck_assert(cluster_run_until(c, minting_done, m, 10000));
	for (uint32_t i = 0; i < epoch->n; i++)
		keys[i] = epoch->members[i].vote_key;
	ck_ok(client_answer_open(&code, &member, &p, &n, &minter, &m->request, keys, epoch->n,
	    reply->p, reply->n));
	ck_ok(code);
	sr_reader_init(&r, p, n);
	vault_receipt_read(&receipt, &r);
	ck_ok(sr_reader_finish(&r));
	ck_assert(sr_hash32_equal(&receipt.op, &m->hash));
	free(p);
}

/* Five hundred have two that stand in one of 4,096 lists, but once in 10^13. */
START_TEST(a_receipt_goes_to_who_waits_for_it_and_not_to_who_waits_beside)
{
	static struct minting all[500];
	static uint32_t seen[CORE_RECEIPT_LISTS];
	struct cluster *c = cluster_quiet(74);
	uint32_t n = 0, first = 0;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	memset(seen, 0, sizeof(seen));
	for (; first == 0; n++) {
		ck_assert_uint_lt(n, 500);
		minting_make(&all[n], c);
		first = seen[list_number(&all[n])];
		seen[list_number(&all[n])] = n + 1;
	}
	minting_ask(&all[first - 1], c);
	minting_ask(&all[n - 1], c);
	ck_assert_uint_eq(c->nodes[0].core->clients_n, 2);
	ck_assert_ptr_nonnull(c->nodes[0].core->receipts[list_number(&all[n - 1])]->next);
	minting_check(&all[first - 1], c);
	minting_check(&all[n - 1], c);
	ck_assert_uint_eq(c->nodes[0].core->clients_n, 0);
	while (n > 0)
		sr_writer_clear(&all[--n].op);
	cluster_free(c);
}
END_TEST

START_TEST(for_what_makes_no_ticket_no_share_is_waited)
{
	struct cluster *c = cluster_quiet(73);
	struct sr_hash32 subject;
	struct cluster_key key;
	struct sr_writer ticket;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_key_make(&key, c);
	subject = pooled(c, &key, VAULT_OP_NFT_MINT);
	sr_writer_init(&ticket, 32);
	sr_write_hash(&ticket, &subject);
	ck_error(code_of(c, CLIENT_SHARE, &ticket), SR_ERR_NO_SUCH_TICKET);
	sr_writer_clear(&ticket);
	cluster_free(c);
}
END_TEST

/* --- ingress --- */

/* Reads along what node 0 votes; after each of its steps it may have heard nobody. */
struct ear { bool deaf; unsigned with, without; };

static void forget(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	const struct ear *ear = ctx;

	(void)fx;
	if (ear->deaf && node == 0)
		memset(c->nodes[0].core->heard_ms, 0, sizeof(c->nodes[0].core->heard_ms));
}

static bool listen(void *ctx, struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n, uint64_t *delay_ms)
{
	struct ear *ear = ctx;
	struct consensus_vote v;
	struct sr_reader r;

	(void)c;
	(void)to;
	(void)delay_ms;
	sr_reader_init(&r, msg, n);
	if (from != 0 || sr_read_u8(&r) != CORE_CONSENSUS)
		return true;
	(void)sr_read_u64(&r);
	(void)sr_read_u8(&r);
	if (sr_read_u8(&r) != CONS_VOTES)
		return true;
	(void)sr_read_u64(&r);
	for (uint32_t k = sr_read_u16(&r); k > 0 && r.error == SR_OK; k--) {
		consensus_vote_read(&v, &r);
		if (r.error != SR_OK || v.kind != CONSENSUS_NOTAR || v.voter != 0)
			continue;
		*(v.flags == CONSENSUS_VOTE_INGRESS ? &ear->with : &ear->without) += 1;
	}
	return true;
}

static void hear(struct ear *ear, struct cluster *c)
{
	ear->with = ear->without = 0;
	cluster_run(c, 3000);
}

START_TEST(who_hears_too_few_does_not_say_that_requests_reach_him)
{
	struct cluster *c = cluster_quiet(69);
	struct ear ear = { .deaf = false };

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	c->hooks.ctx = &ear;
	c->hooks.message = listen;
	c->hooks.effect = forget;
	hear(&ear, c);
	ck_assert_uint_gt(ear.with, 5);
	ck_assert_uint_eq(ear.without, 0);
	ear.deaf = true;
	hear(&ear, c);
	ck_assert_uint_gt(ear.without, 5);
	ck_assert_uint_eq(ear.with, 0);
	cluster_free(c);
}
END_TEST

START_TEST(who_has_no_room_for_requests_does_not_say_that_they_reach_him)
{
	struct cluster *c = cluster_quiet(70);
	struct ear ear = { .deaf = false };
	struct enclave_core *core;

	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	core = c->nodes[0].core;
	for (uint32_t i = 0; i <= CORE_POOL_MAX / 10 * 9; i++) {
		struct vault_op op = { .expiry_ms = UINT64_MAX, .nonce = 1 };

		memcpy(op.account.b, &i, sizeof(i));
		op.account.kind = VAULT_ACCOUNT_ED25519;
		op.hash = sr_hash(&i, sizeof(i));
		ck_ok(pool_add(core->pool, core, &op, (const uint8_t *)"x", 1, false));
	}
	c->hooks.ctx = &ear;
	c->hooks.message = listen;
	hear(&ear, c);
	ck_assert_uint_gt(ear.without, 5);
	ck_assert_uint_eq(ear.with, 0);
	cluster_free(c);
}
END_TEST

TEST_MAIN("enclave peers",
	a_head_is_signed_by_its_member_for_this_challenge_in_this_epoch,
	before_the_first_key_no_client_s_operation_is_pooled,
	a_nonce_may_be_so_far_ahead_and_no_further,
	what_a_peer_s_operations_take_of_the_time_has_a_bound_of_its_own,
	a_little_is_kept_of_what_comes_for_the_next_epoch,
	of_each_member_something_is_kept_for_the_next_epoch_whatever_others_send,
	operations_take_at_most_half_of_a_member_s_share,
	one_liar_makes_nobody_believe_that_the_next_epoch_began_without_him,
	of_who_has_no_part_in_this_epoch_nothing_is_kept_for_the_next,
	a_request_sealed_for_another_epoch_is_named,
	a_member_s_operation_is_not_taken_from_a_client,
	an_open_operation_is_a_client_s_to_send_and_refused_for_its_own_reason,
	a_read_is_signed_and_of_these_minutes,
	every_kind_of_read_is_known_and_no_other,
	ten_thousand_clients_may_wait,
	sixteen_may_wait_for_the_same_and_others_are_not_kept_out,
	a_receipt_goes_to_who_waits_for_it_and_not_to_who_waits_beside,
	for_what_makes_no_ticket_no_share_is_waited,
	who_hears_too_few_does_not_say_that_requests_reach_him,
	who_has_no_room_for_requests_does_not_say_that_they_reach_him)
