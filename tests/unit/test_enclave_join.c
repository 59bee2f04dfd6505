/* Rosters that change: who joins, who leaves, who is replaced; what stays, and what is wiped. Real
 * cores, real cryptography, virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consensus/internal.h"
#include "enclave/epoch_state.h"
#include "enclave/snapshot.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"
#include "vault/policy.h"

struct world {
	struct cluster *c;
	struct cluster_key alice;
	uint64_t nft;
	struct vault_secret_id secret;
	struct sr_key32 kem;                    /* the key inside the TDH2 ciphertext */
	struct shamir_tdh2_ct ct;
	struct sr_hash32 label;
};

static struct cluster *start(uint32_t n, uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = n, .seed = seed });

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 1000);
	return c;
}

static bool first_epoch(struct cluster *c, void *ctx)
{
	(void)ctx;
	for (uint32_t i = 0; i < 4; i++)
		if (enclave_core_epoch(c->nodes[i].core)->epoch < 1)
			return false;
	return true;
}

static const struct epoch_record *epoch_of(const struct cluster *c, uint32_t node)
{
	return enclave_core_epoch(c->nodes[node].core);
}

/* -------------------------------------------------------------------------------------- secrets */

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

static void mint(struct world *w)
{
	union vault_op_body b = { .nft_mint = { 0, w->alice.account, text("key") } };
	struct vault_receipt receipt;

	ck_ok(cluster_submit(w->c, 0, &w->alice, VAULT_OP_NFT_MINT, &b, &receipt));
	w->nft = receipt.id;
}

static struct sr_bytes policy_of(struct sr_writer *w, uint64_t nft)
{
	struct vault_policy p = { .nodes_n = 1 };

	p.nodes[0].kind = VAULT_POLICY_HOLDER;
	p.nodes[0].number = nft;
	sr_writer_init(w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(w, &p);
	ck_ok(sr_writer_finish(w));
	return (struct sr_bytes){ w->p, w->n };
}

static void put_named(struct world *w, const char *name, struct sr_bytes payload)
{
	struct sr_writer policy, ct;
	struct sr_point y;
	struct sr_hash32 policy_hash;
	struct vault_receipt receipt;
	union vault_op_body b;

	memset(&b, 0, sizeof(b));
	b.secret_put.id = vault_secret_id_derive(&w->c->genesis->chain_id, &w->alice.account,
	    w->alice.nonce);
	b.secret_put.name = text(name);
	b.secret_put.policy = policy_of(&policy, w->nft);
	policy_hash = vault_policy_hash(b.secret_put.policy);
	w->secret = b.secret_put.id;
	w->label = vault_label(&w->c->genesis->chain_id, &w->secret, &w->alice.account,
	    &policy_hash);
	ck_ok(sr_point_decode(&y, epoch_of(w->c, 0)->vault_key));
	ck_ok(shamir_tdh2_encrypt(&w->ct, &w->kem, &y, w->label.b, 32, &w->c->drbg));
	sr_writer_init(&ct, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_write(&ct, &w->ct);
	ck_ok(sr_writer_finish(&ct));
	memcpy(b.secret_put.key.tdh2, ct.p, ct.n);
	b.secret_put.payload.inlined = true;
	b.secret_put.payload.inline_bytes = payload;
	b.secret_put.payload.plain_bytes = payload.n - 16;
	ck_ok(cluster_submit(w->c, 0, &w->alice, VAULT_OP_SECRET_PUT, &b, &receipt));
	sr_writer_clear(&policy);
	sr_writer_clear(&ct);
}

static void put(struct world *w)
{
	put_named(w, "will", text("0123456789abcdef0123456789abcdef"));
}

/* More than a snapshot's piece. */
static void put_much(struct world *w)
{
	static const uint8_t payload[SR_INLINE_PAYLOAD_MAX + 16];
	char name[8];

	for (unsigned i = 0; i < 2 * SNAPSHOT_CHUNK_BYTES / sizeof(payload); i++) {
		snprintf(name, sizeof(name), "%u", i);
		put_named(w, name, (struct sr_bytes){ payload, sizeof(payload) });
	}
}

static struct world *world_new(uint32_t n, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	w->c = start(n, seed);
	cluster_key_make(&w->alice, w->c);
	mint(w);
	put(w);
	return w;
}

static void world_free(struct world *w)
{
	cluster_free(w->c);
	free(w);
}

static void share_ask(struct world *w, struct shamir_tdh2_share *share, const struct sr_hash32 *id,
    const struct sr_key32 *sk, uint32_t node)
{
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE];
	enum sr_error code = SR_OK;
	struct sr_reader r;
	uint8_t *answer;
	size_t n;

	ck_ok(cluster_ask(w->c, node, CLIENT_SHARE, id->b, 32, &code, &answer, &n, 60000));
	ck_ok(code);
	ck_ok(sr_hpke_open(plain, sk, "strongroom share v1", id->b, 32, answer, n));
	sr_reader_init(&r, plain, sizeof(plain));
	shamir_tdh2_share_read(share, &r);
	ck_ok(sr_reader_finish(&r));
	free(answer);
}

/* The secret comes back, from the first t members of the epoch of node via. */
static void opens(struct world *w, uint32_t via)
{
	const struct epoch_record *epoch = epoch_of(w->c, via);
	union vault_op_body b = { .retrieve = { .id = w->secret, .nft_id = w->nft,
		.nft_version = 1 } };
	struct shamir_tdh2_share shares[8];
	struct shamir_index indices[8], bad;
	struct sr_point keys[8];
	struct vault_receipt receipt;
	struct sr_key32 sk, key;
	uint32_t n = 0;

	ck_ok(sr_drbg_fill(&w->c->drbg, sk.b, 32));
	sr_x25519_public(&b.retrieve.to, &sk);
	ck_ok(cluster_submit(w->c, via, &w->alice, VAULT_OP_RETRIEVE, &b, &receipt));
	for (uint32_t i = 0; i < w->c->n && n < epoch->threshold; i++) {
		uint32_t place = cluster_index(w->c, i, via);

		if (place == EPOCH_NOBODY || w->c->nodes[i].core == NULL)
			continue;
		share_ask(w, &shares[n], &receipt.op, &sk, i);
		indices[n].v = place + 1;
		ck_ok(sr_point_decode(&keys[n], epoch->members[place].verify_key));
		n++;
	}
	ck_ok(shamir_tdh2_combine(&key, &bad, &w->ct, w->label.b, 32, indices, keys, shares, n,
	    epoch->threshold));
	ck_assert_mem_eq(key.b, w->kem.b, 32);
}

/* ------------------------------------------------------------------------------- wiped is wiped */

#define NEEDLES 5u
#define MASK 0xa5u

/* What must be gone, masked, so that looking for it does not find the list itself. */
struct needles { uint8_t b[NEEDLES][32]; uint32_t n; };

static void needle_add(struct needles *all, const uint8_t bytes[32])
{
	for (size_t i = 0; i < 32; i++)
		all->b[all->n][i] = bytes[i] ^ MASK;
	all->n++;
}

static void needles_of(struct needles *all, const struct enclave_core *core)
{
	memset(all, 0, sizeof(*all));
	needle_add(all, core->keys->now.share.b);
	needle_add(all, core->keys->now.vote_seed.b);
	needle_add(all, core->keys->now.secret.b);
	needle_add(all, core->keys->now.shielding.b);
}

static int needle_find(const struct needles *all, const uint8_t *p, size_t n)
{
	for (size_t at = 0; at + 32 <= n; at++)
		for (uint32_t k = 0; k < all->n; k++) {
			size_t i = 0;

			while (i < 32 && (p[at + i] ^ MASK) == all->b[k][i])
				i++;
			if (i == 32)
				return (int)k;
		}
	return -1;
}

/* All of this process's memory but this stack: every core, every effect, every locked page. */
static int memory_find(const struct needles *all)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], perms[8];
	unsigned long from, to;
	int found = -1;

	ck_assert_ptr_nonnull(maps);
	while (found < 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 || perms[0] != 'r' ||
		    perms[1] != 'w' || strstr(line, "[stack]") != NULL)
			continue;
		found = needle_find(all, (const uint8_t *)from, to - from);
	}
	fclose(maps);
	return found;
}

/* Under a sanitizer most of the memory is its own, and not to be looked at: no answer then. */
static bool memory_has(const struct needles *all, bool expected)
{
#ifdef __SANITIZE_ADDRESS__
	(void)all;
	(void)expected;
	(void)memory_find;
	return true;
#else
	return (memory_find(all) >= 0) == expected;
#endif
}

/* Everything that the disk of this node holds, opened with its own keys. */
static int disk_find(const struct needles *all, const struct cluster_node *node,
    const struct enclave_core *core)
{
	uint8_t aad[24] = { 0 }, *plain;
	int found = -1;
	size_t n;

	for (size_t i = 0; i < node->log.n && found < 0; i++) {
		const struct cluster_record *record = &node->log.list[i];

		for (size_t k = 0; k < 8; k++)
			aad[16 + k] = (uint8_t)(i >> (8 * k));
		ck_ok(seal_open(&plain, &n, &core->keys->log, aad, sizeof(aad), record->p,
		    record->n));
		found = needle_find(all, plain, n);
		memcpy(aad, record->p + record->n - SR_GCM_TAG, SR_GCM_TAG);
		sr_wipe(plain, n);
		free(plain);
	}
	for (size_t i = 0; i < node->store.n && found < 0; i++) {
		struct sr_hash32 name;

		memcpy(name.b, node->store.list[i].key, 32);
		ck_ok(seal_row_open(&plain, &n, false, core, &name, node->store.list[i].value,
		    node->store.list[i].value_n));
		found = needle_find(all, plain, n);
		sr_wipe(plain, n);
		free(plain);
	}
	return found;
}

/* -------------------------------------------------------------------------------------- joining */

START_TEST(a_fifth_node_joins_and_what_was_secret_before_opens_with_it)
{
	struct world *w = world_new(4, 500);
	uint32_t five = cluster_node_add(w->c);

	ck_ok(cluster_node_join(w->c, five, 0));
	ck_assert(cluster_run_members(w->c, 2, 60000));
	ck_assert_uint_eq(epoch_of(w->c, 0)->n, 5);
	ck_assert_uint_eq(cluster_index(w->c, five, 0), 4);
	ck_assert_uint_eq(w->c->nodes[five].status.role, ENCLAVE_ROLE_MEMBER);
	cluster_run(w->c, 2000);
	/* Without the first of all: the newcomer's share counts. */
	cluster_kill(w->c, 0, false);
	opens(w, five);
	world_free(w);
}
END_TEST

static void forgets_count(void *ctx, struct cluster *c, uint32_t node,
    const struct enclave_effect *fx)
{
	unsigned *forgets = ctx;

	(void)c, (void)node;
	*forgets += fx->kind == ENCLAVE_FX_PEER && fx->a.n == 0;
}

/* A link that is closed at the switch is missing when the new epoch's first votes are sent. */
START_TEST(nobody_forgets_the_joiner_when_its_epoch_begins)
{
	struct cluster *c = start(4, 501);
	uint32_t five = cluster_node_add(c);
	unsigned forgets = 0;

	c->hooks = (struct cluster_hooks){ .ctx = &forgets, .effect = forgets_count };
	ck_ok(cluster_node_join(c, five, 0));
	ck_assert(cluster_run_members(c, 2, 60000));
	ck_assert_uint_eq(forgets, 0);
	cluster_free(c);
}
END_TEST

/* Members switch one after another: who is first has clients' operations before the others can
 * take them. */
START_TEST(an_operation_of_the_next_epoch_that_comes_early_waits_for_it)
{
	struct cluster *c = start(4, 502);
	union vault_op_body b = { .nft_mint = { .name = text("early") } };
	struct cluster_key key;
	struct sr_writer op, message;
	struct sr_sig64 sig;

	cluster_key_make(&key, c);
	b.nft_mint.to = key.account;
	sr_writer_init(&op, SR_OP_MAX);
	vault_op_write_signed(&op, &c->genesis->chain_id, 2, &key.account, 0, c->now_ms + 600000,
	    VAULT_OP_NFT_MINT, &b);
	sr_sign(&sig, &key.sk, "strongroom op v1", op.p, op.n);
	vault_op_write_signature(&op, sig.b, sizeof(sig.b));
	ck_ok(sr_writer_finish(&op));
	sr_writer_init(&message, SR_OP_MAX + 1);
	sr_write_u8(&message, CORE_OPERATION);
	sr_write_copy(&message, op.p, op.n);
	ck_ok(sr_writer_finish(&message));
	cluster_run(c, 6000);
	cluster_send(c, 0, 3, message.p, message.n, 1);
	cluster_run(c, 10);
	ck_ok(cluster_refresh(c, 0));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	cluster_run(c, 3000);
	ck_assert_uint_eq(c->nodes[1].core->operations_final, 1);
	sr_writer_clear(&op);
	sr_writer_clear(&message);
	cluster_free(c);
}
END_TEST

START_TEST(two_who_ask_to_join_at_once_both_become_members)
{
	struct world *w = world_new(4, 503);
	uint32_t five = cluster_node_add(w->c), six = cluster_node_add(w->c);

	ck_ok(cluster_node_join(w->c, five, 0));
	ck_ok(cluster_node_join(w->c, six, 1));
	ck_assert(cluster_run_members(w->c, 3, 120000));
	ck_assert_uint_eq(epoch_of(w->c, 0)->n, 6);
	opens(w, six);
	world_free(w);
}
END_TEST

START_TEST(members_replaced_one_after_another_keep_every_secret)
{
	struct world *w = world_new(4, 504);

	for (uint32_t i = 0; i < 4; i++) {
		uint32_t node = cluster_node_add(w->c);
		uint64_t epoch = epoch_of(w->c, 3)->epoch;

		ck_ok(cluster_node_join(w->c, node, 3));
		ck_assert(cluster_run_members(w->c, epoch + 1, 60000));
		if (i < 3) {
			ck_ok(cluster_leave(w->c, i, 3));
			ck_assert(cluster_run_epoch(w->c, epoch + 2, 60000));
			ck_error(w->c->nodes[i].error, SR_ERR_LEFT);
		}
	}
	ck_ok(cluster_leave(w->c, 3, 4));
	ck_assert(cluster_run_epoch(w->c, 9, 60000));
	ck_assert_uint_eq(epoch_of(w->c, 4)->n, 4);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert(w->c->nodes[i].core == NULL);
		ck_assert_uint_ne(cluster_index(w->c, 4 + i, 4), EPOCH_NOBODY);
	}
	opens(w, 7);
	world_free(w);
}
END_TEST

START_TEST(a_joiner_that_is_started_again_and_again_gets_there)
{
	struct world *w = world_new(4, 505);
	uint32_t five = cluster_node_add(w->c);

	ck_ok(cluster_node_join(w->c, five, 0));
	for (uint32_t round = 0; round < 12; round++) {
		cluster_run(w->c, 40 + 37 * round);
		cluster_kill(w->c, five, round % 2 == 0);
		cluster_start(w->c, five);
	}
	ck_assert(cluster_run_members(w->c, 2, 120000));
	opens(w, five);
	world_free(w);
}
END_TEST

static bool to_joiner_lost(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	uint32_t *joiner = ctx;
	uint8_t dice;

	(void)msg;
	(void)n;
	(void)delay_ms;
	ck_ok(sr_drbg_fill(&c->drbg, &dice, 1));
	return (to != *joiner && from != *joiner) || dice >= 80;
}

START_TEST(a_joiner_on_a_bad_line_gets_there)
{
	struct world *w = world_new(4, 506);
	uint32_t five = cluster_node_add(w->c);

	w->c->hooks = (struct cluster_hooks){ .ctx = &five, .message = to_joiner_lost };
	ck_ok(cluster_node_join(w->c, five, 0));
	ck_assert(cluster_run_members(w->c, 2, 240000));
	w->c->hooks.message = NULL;
	cluster_run(w->c, 3000);
	opens(w, five);
	world_free(w);
}
END_TEST

/* --------------------------------------------------------------------------- a false past, lies */

static void refuses(struct cluster *c, uint32_t node, enum sr_error error)
{
	cluster_start(c, node);
	ck_assert(c->nodes[node].fatal);
	ck_error(c->nodes[node].error, error);
}

START_TEST(a_trail_that_does_not_follow_from_the_genesis_is_refused)
{
	struct cluster *c = start(4, 507);
	uint32_t five = cluster_node_add(c);
	struct cluster_node *node = &c->nodes[five];

	cluster_trail_fetch(c, five, 0);
	for (size_t i = 0; i < node->trail_n; i += 211) {
		node->trail[i] ^= 1;
		cluster_start(c, five);
		ck_assert(node->fatal);
		node->trail[i] ^= 1;
	}
	free(node->trail);
	node->trail = NULL;
	refuses(c, five, SR_ERR_NOT_A_MEMBER);
	cluster_free(c);
}
END_TEST

START_TEST(a_trail_without_the_pinned_epoch_is_another_past)
{
	struct cluster *c = start(4, 508);
	uint32_t five = cluster_node_add(c);
	struct cluster_node *node = &c->nodes[five];
	struct sr_hash32 root = epoch_record_root(epoch_of(c, 0));

	cluster_trail_fetch(c, five, 0);
	node->pin_n = 40;
	node->pin = calloc(1, 40);
	ck_assert_ptr_nonnull(node->pin);
	node->pin[0] = 1;
	memcpy(node->pin + 8, root.b, 32);
	cluster_start(c, five);
	ck_assert(!node->fatal);
	cluster_kill(c, five, false);
	node->pin[8] ^= 1;
	refuses(c, five, SR_ERR_CHECKPOINT_OTHER);
	node->pin[8] ^= 1;
	node->pin[0] = 2;
	refuses(c, five, SR_ERR_CHECKPOINT_OTHER);
	node->pin[0] = 1;
	node->pin_n = 39;
	cluster_start(c, five);
	ck_assert(node->fatal);
	cluster_free(c);
}
END_TEST

/* Which byte of the first ROWS or HEAD is changed. */
struct forger { uint8_t kind; size_t at; uint32_t tried; };

static bool forge(void *ctx, struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n, uint64_t *delay_ms)
{
	struct forger *f = ctx;
	uint8_t *copy;

	if (msg[0] != f->kind || f->tried > 0)
		return true;
	copy = malloc(n);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, msg, n);
	copy[f->at < n ? f->at : n - 1] ^= 1;
	cluster_send(c, from, to, copy, n, *delay_ms);
	free(copy);
	f->tried++;
	return false;
}

START_TEST(what_one_member_makes_up_is_noticed_and_another_one_asked)
{
	static const size_t places[] = { 300, 11, 900, 200, 3, SIZE_MAX };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct world *w = world_new(4, 510 + i);
		struct forger f = { .at = places[i] };
		uint32_t five = cluster_node_add(w->c);

		f.kind = i % 2 == 0 ? CORE_SNAPSHOT_ROWS : CORE_SNAPSHOT_HEAD;
		w->c->hooks = (struct cluster_hooks){ .ctx = &f, .message = forge };
		ck_ok(cluster_node_join(w->c, five, 0));
		ck_assert(cluster_run_members(w->c, 2, 120000));
		w->c->hooks.message = NULL;
		ck_assert_uint_eq(f.tried, 1);
		opens(w, five);
		world_free(w);
	}
}
END_TEST

struct unsigned_head { struct cluster *c; bool said, believed; };

/* Member 2 shows a header of its own making, with a certificate that names it. */
static bool head_unsigned(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	struct unsigned_head *f = ctx;
	struct consensus_header h;
	struct consensus_cert cert;
	struct sr_bytes header, cert_bytes, parent;
	struct sr_reader r, one;
	struct sr_writer w, part;

	if (to == 2 && msg[0] == CORE_SNAPSHOT_GET)
		f->believed = true;
	if (from != 2 || msg[0] != CORE_SNAPSHOT_HEAD || n < 40)
		return true;
	sr_reader_init(&r, msg + 1 + 2 + 4 + 4 + 1, n - 12);
	if (!sr_read_bool(&r))
		return true;
	header = sr_read_blob(&r, n);
	cert_bytes = sr_read_blob(&r, n);
	parent = sr_read_blob(&r, n);
	ck_ok(sr_reader_finish(&r));
	sr_reader_init(&one, header.p, header.n);
	consensus_header_read(&h, &one);
	sr_reader_init(&one, cert_bytes.p, cert_bytes.n);
	consensus_cert_read(&cert, &one);
	h.pre_state_root.b[0] ^= 1;
	cert.hash = consensus_header_hash(&h);
	sr_writer_init(&w, 65536);
	sr_write_copy(&w, msg, 13);
	sr_writer_init(&part, 65536);
	consensus_header_write(&part, &h);
	sr_write_blob(&w, part.p, part.n);
	sr_writer_reset(&part);
	consensus_cert_write(&part, &cert);
	sr_write_blob(&w, part.p, part.n);
	sr_write_blob(&w, parent.p, parent.n);
	ck_ok(sr_writer_finish(&w));
	cluster_send(c, from, to, w.p, w.n, *delay_ms);
	sr_writer_clear(&part);
	sr_writer_clear(&w);
	f->said = true;
	return false;
}

START_TEST(a_header_that_no_quorum_signed_is_not_believed)
{
	bool said = false;

	for (uint64_t seed = 540; seed < 560 && !said; seed++) {
		struct world *w = world_new(4, seed);
		struct unsigned_head f = { .c = w->c };
		uint32_t five = cluster_node_add(w->c);

		w->c->hooks = (struct cluster_hooks){ .ctx = &f, .message = head_unsigned };
		ck_ok(cluster_node_join(w->c, five, 0));
		ck_assert(cluster_run_members(w->c, 2, 120000));
		ck_assert(!f.believed);
		said = f.said;
		world_free(w);
	}
	ck_assert(said);
}
END_TEST

/* Member 2 answers a GET with something else. */
struct liar {
	enum { LIE_SHORTAGE, LIE_ENDLESS, LIE_ONE_MORE, LIE_ONE_LESS, LIE_NOTHING, LIE_SLOW,
		LIE_SHORT, LIES, LIE_HOLE } lie;
	uint32_t told, gets;
};

static void lie_rows(struct sr_writer *w, const struct liar *l, const uint8_t *rest, size_t n,
    uint32_t rows)
{
	struct vault_key key = { { 0xff, 1, 2, 3 } }, row;
	struct vault_tree *own = NULL;           /* the state that it makes up */
	struct sr_reader r;
	struct sr_writer made;
	struct sr_bytes proof, value;

	const bool less = l->lie == LIE_ONE_LESS || l->lie == LIE_HOLE;

	sr_write_bool(w, l->lie != LIE_ENDLESS && l->lie != LIE_NOTHING && l->lie != LIE_HOLE);
	sr_write_u32(w, l->lie == LIE_NOTHING ? 0 : less ? rows - 1 : rows + 1);
	sr_reader_init(&r, rest, n);
	for (uint32_t i = 0; i < rows; i++) {
		const uint8_t *at = r.p;

		sr_read_copy(&r, row.b, sizeof(row.b));
		value = sr_read_blob(&r, VAULT_VALUE_MAX);
		ck_ok(vault_tree_put(&own, &row, value.p, value.n));
		if (l->lie != LIE_NOTHING && (!less || i != 1))
			sr_write_copy(w, at, (size_t)(r.p - at));
	}
	if (l->lie == LIE_ENDLESS || l->lie == LIE_ONE_MORE) {
		sr_write_copy(w, key.b, sizeof(key.b));
		sr_write_blob(w, key.b, 1);
	}
	proof = sr_read_blob(&r, VAULT_PROOF_MAX);
	ck_ok(vault_tree_put(&own, &key, key.b, 1));
	sr_writer_init(&made, VAULT_PROOF_MAX);
	vault_tree_prove(&made, own, &key);
	if (l->lie == LIE_ENDLESS)
		proof = (struct sr_bytes){ made.p, made.n };
	sr_write_blob(w, proof.p, l->lie == LIE_NOTHING ? 0 : proof.n);
	sr_writer_clear(&made);
	vault_tree_unref(own);
}

static struct vault_tree *served_tree(const struct enclave_core *core, const uint8_t root[32])
{
	for (size_t i = 0; i < CORE_SERVED; i++)
		if (core->served[i].in_use && memcmp(core->served[i].root.b, root, 32) == 0)
			return core->served[i].tree;
	return NULL;
}

/* The first rows of the state, with the last one's genuine proof: one at a time, or as if there
 * were no more. */
static void first_rows(struct sr_writer *w, const struct enclave_core *core, const uint8_t *msg,
    const uint8_t *rest, size_t n, uint32_t count, bool last)
{
	struct vault_key key;
	struct sr_reader r;
	struct sr_writer proof;

	sr_reader_init(&r, rest, n);
	for (uint32_t i = 0; i < count; i++) {
		sr_read_copy(&r, key.b, sizeof(key.b));
		(void)sr_read_blob(&r, VAULT_VALUE_MAX);
	}
	sr_write_bool(w, last);
	sr_write_u32(w, count);
	sr_write_copy(w, rest, (size_t)(r.p - rest));
	sr_writer_init(&proof, VAULT_PROOF_MAX);
	vault_tree_prove(&proof, served_tree(core, msg + 1), &key);
	sr_write_blob(w, proof.p, proof.n);
	sr_writer_clear(&proof);
}

static bool lie_tell(void *ctx, struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n, uint64_t *delay_ms)
{
	const size_t code = 1 + 32 + 1 + 32, rest = code + 2 + 1 + 4;
	struct liar *l = ctx;
	struct sr_writer w;
	struct sr_reader r;
	uint32_t rows;

	l->gets += to == 2 && msg[0] == CORE_SNAPSHOT_GET;
	if (from != 2 || msg[0] != CORE_SNAPSHOT_ROWS)
		return true;
	sr_reader_init(&r, msg + rest - 4, 4);
	rows = sr_read_u32(&r);
	sr_writer_init(&w, n + 4096);
	sr_write_copy(&w, msg, code);
	sr_write_u16(&w, l->lie == LIE_SHORTAGE ? SR_ERR_NO_MEMORY : SR_OK);
	if (l->lie == LIE_SLOW || l->lie == LIE_SHORT)
		first_rows(&w, c->nodes[2].core, msg, msg + rest, n - rest,
		    l->lie == LIE_SLOW ? 1 : rows - 1, l->lie == LIE_SHORT);
	else
		lie_rows(&w, l, msg + rest, n - rest, rows);
	ck_ok(sr_writer_finish(&w));
	cluster_send(c, from, to, w.p, w.n, *delay_ms);
	sr_writer_clear(&w);
	l->told++;
	return false;
}

/* much: the state is more than one piece. */
static void lie_is_found(unsigned lie, bool much)
{
	struct liar l = { .lie = lie };

	for (uint64_t seed = 560; seed < 580 && l.told == 0; seed++) {
		struct world *w = world_new(4, seed);
		uint32_t five = cluster_node_add(w->c);

		if (much)
			put_much(w);
		w->c->hooks = (struct cluster_hooks){ .ctx = &l, .message = lie_tell };
		ck_ok(cluster_node_join(w->c, five, 0));
		ck_assert(cluster_run_members(w->c, 2, 120000));
		w->c->hooks.message = NULL;
		opens(w, five);
		world_free(w);
	}
	ck_assert_uint_eq(l.told, 1);
	ck_assert_uint_eq(l.gets, 1);
}

START_TEST(who_sends_other_rows_than_the_state_s_is_left_at_once)
{
	for (unsigned lie = 0; lie < LIES; lie++)
		lie_is_found(lie, false);
}
END_TEST

START_TEST(who_leaves_a_row_out_or_adds_one_is_left_before_the_last_piece)
{
	lie_is_found(LIE_HOLE, true);
	lie_is_found(LIE_ENDLESS, true);
}
END_TEST

/* Answers that are lost on the way, from the second one on; who was asked for rows. */
struct losing { uint32_t lose, rows, lost, gets[8]; };

static bool rows_lose(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	struct losing *l = ctx;

	(void)c, (void)from, (void)n, (void)delay_ms;
	if (msg[0] == CORE_SNAPSHOT_GET && to < 8)
		l->gets[to]++;
	if (msg[0] != CORE_SNAPSHOT_ROWS || l->rows++ == 0 || l->lost == l->lose)
		return true;
	l->lost++;
	return false;
}

static uint32_t asked_when_lost(uint32_t lose)
{
	struct losing l = { .lose = lose };
	struct world *w = world_new(4, 590);
	uint32_t five = cluster_node_add(w->c), asked = 0;

	put_much(w);
	w->c->hooks = (struct cluster_hooks){ .ctx = &l, .message = rows_lose };
	ck_ok(cluster_node_join(w->c, five, 0));
	ck_assert(cluster_run_members(w->c, 2, 120000));
	w->c->hooks.message = NULL;
	opens(w, five);
	world_free(w);
	ck_assert_uint_eq(l.lost, lose);
	for (uint32_t i = 0; i < 8; i++)
		asked += l.gets[i] > 0;
	return asked;
}

/* All rows again, from another member, only when the same ones did not come three times. */
START_TEST(rows_that_are_lost_are_asked_for_again)
{
	ck_assert_uint_eq(asked_when_lost(2), 1);
	ck_assert_uint_eq(asked_when_lost(3), 2);
}
END_TEST

struct served { uint32_t heads, rows; };

static bool served_count(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	struct served *s = ctx;

	(void)c, (void)to, (void)n, (void)delay_ms;
	s->heads += from == 0 && msg[0] == CORE_SNAPSHOT_HEAD;
	s->rows += from == 0 && msg[0] == CORE_SNAPSHOT_ROWS;
	return true;
}

static void get_send(struct cluster *c, uint32_t from)
{
	const struct enclave_core *core = c->nodes[0].core;
	uint8_t get[1 + 32 + 1 + 32] = { CORE_SNAPSHOT_GET };

	for (size_t i = 0; i < CORE_SERVED; i++)
		if (core->served[i].in_use)
			memcpy(get + 1, core->served[i].root.b, 32);
	cluster_send(c, from, 0, get, sizeof(get), 1);
}

/* Members may ask like anybody. */
START_TEST(who_asks_often_is_not_served_more)
{
	const uint8_t ask[5] = { CORE_SNAPSHOT_ASK };
	struct cluster *c = start(4, 523);
	struct served s = { 0, 0 };

	cluster_run(c, 2000);
	c->hooks = (struct cluster_hooks){ .ctx = &s, .message = served_count };
	for (uint32_t i = 0; i < 50; i++)
		cluster_send(c, 1, 0, ask, sizeof(ask), 1);
	cluster_run(c, 500);
	ck_assert_uint_eq(s.heads, 1);
	cluster_send(c, 2, 0, ask, sizeof(ask), 1);
	cluster_run(c, 1000);
	ck_assert_uint_eq(s.heads, 2);
	cluster_send(c, 1, 0, ask, sizeof(ask), 1);
	cluster_run(c, 100);
	ck_assert_uint_eq(s.heads, 3);
	get_send(c, 1);
	cluster_run(c, 100);
	ck_assert_uint_eq(s.rows, 1);
	/* This second's bytes are used up: each waits its turn, with one question. */
	c->nodes[0].core->served_ms = c->now_ms;
	c->nodes[0].core->served_bytes = SNAPSHOT_BYTES_A_SECOND;
	for (uint32_t i = 0; i < 20; i++)
		for (uint32_t from = 1; from < 4; from++)
			get_send(c, from);
	cluster_run(c, 900);
	ck_assert_uint_eq(s.rows, 1);
	cluster_run(c, 1500);
	ck_assert_uint_eq(s.rows, 4);
	cluster_free(c);
}
END_TEST

START_TEST(who_did_not_ask_is_shown_no_state)
{
	struct cluster *c = start(4, 520);
	uint32_t stranger = cluster_node_add(c);

	cluster_trail_fetch(c, stranger, 0);
	cluster_start(c, stranger);
	cluster_run(c, 30000);
	ck_assert_uint_eq(c->nodes[stranger].status.role, ENCLAVE_ROLE_JOINING);
	cluster_free(c);
}
END_TEST

static enum sr_error judged(const struct enclave_core *core, uint32_t seat,
    const struct attest_facts *facts)
{
	return enclave_core_evidence_judge(core, seat, facts, facts->report_data, 1000000);
}

/* A cluster of TPMs, as its genesis says; the joiner is shown what its peers have. */
START_TEST(who_joins_judges_its_peers_by_the_genesis)
{
	struct cluster *c = start(4, 522);
	uint32_t stranger = cluster_node_add(c);
	struct attest_facts facts = { .kind = ATTEST_KIND_TPM, .status = ATTEST_UP_TO_DATE,
		.measurement = { 9 }, .measurement_n = 32, .valid_to_s = UINT64_MAX,
		.vouchers_n = 1, .vouchers = { { { 5 } } } }, worse;
	struct attest_policy *p, *room = malloc(sizeof(*room));
	struct attest_trust trust;
	struct enclave_core *core;
	const uint32_t nobody = 77;

	cluster_trail_fetch(c, stranger, 0);
	cluster_start(c, stranger);
	core = c->nodes[stranger].core;
	ck_assert_int_eq(core->phase, CORE_JOINING);
	ck_assert(!enclave_core_evidence_known(core));
	ck_assert(enclave_core_evidence_known(c->nodes[0].core));
	/* Where software is enough, a machine's word is; but not a debugger's. */
	worse = facts, worse.kind = ATTEST_KIND_SOFTWARE;
	ck_ok(judged(core, 1, &worse));
	worse = facts, worse.kind = ATTEST_KIND_TDX;
	ck_ok(judged(core, 1, &worse));
	worse.debug = true;
	ck_error(judged(core, 1, &worse), SR_ERR_DEBUG_ENCLAVE);
	p = &core->genesis->policy;
	p->kinds = ATTEST_KIND_BIT(ATTEST_KIND_TPM);
	p->makers_n = p->provisioners_n = p->provisioners_k = 1;
	p->makers[0].b[0] = 4;
	p->provisioners[0].b[0] = 5;
	enclave_core_evidence_trust(&trust, room, core);
	ck_assert_uint_eq(trust.makers_n, 1);
	ck_assert_uint_eq(trust.provisioners_n, 1);
	/* Its program is newer than the genesis: a member's, whom the trail names. */
	ck_ok(judged(core, 1, &facts));
	ck_error(judged(core, nobody, &facts), SR_ERR_MEASUREMENT);
	worse = facts, worse.kind = ATTEST_KIND_SOFTWARE;
	ck_error(judged(core, 1, &worse), SR_ERR_EVIDENCE_KIND);
	worse = facts, worse.debug = true;
	ck_error(judged(core, 1, &worse), SR_ERR_DEBUG_ENCLAVE);
	worse = facts, worse.status = ATTEST_OUT_OF_DATE;
	ck_error(judged(core, 1, &worse), SR_ERR_TCB_STATUS);
	worse = facts, worse.vouchers[0].b[0] = 6;
	ck_error(judged(core, 1, &worse), SR_ERR_NOT_VOUCHED);
	worse = facts, worse.valid_to_s = 1;
	ck_error(judged(core, 1, &worse), SR_ERR_COLLATERAL_TIME);
	free(room);
	cluster_free(c);
}
END_TEST

/* How often hosts of members were told to connect to the fifth node, and what it noted. */
struct dialled { uint32_t told, noted; };

static void dial_seen(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct dialled *d = ctx;

	(void)c;
	d->told += node < 4 && fx->kind == ENCLAVE_FX_PEER && fx->member >= 4 && fx->a.n > 0;
	d->noted += node == 4 && fx->kind == ENCLAVE_FX_NOTE && fx->number == NOTE_WARN;
}

static void standing_set(struct enclave_core *core, struct roster_member *m, uint32_t flags,
    bool has_facts)
{
	m->flags = flags;
	m->has_facts = has_facts;
	ck_ok(roster_member_put(&core->final->tree, m));
}

#define HOUR_MS 3600000u

START_TEST(a_member_in_good_standing_has_a_grace_when_only_time_speaks_against_it)
{
	struct cluster *c = start(4, 524);
	struct enclave_core *core = c->nodes[0].core;
	const uint64_t now = c->now_ms;
	struct roster_member *m = calloc(1, sizeof(*m));
	struct attest_policy *p = malloc(sizeof(*p));
	struct attest_facts facts = { .kind = ATTEST_KIND_SNP, .status = ATTEST_UP_TO_DATE,
		.measurement = { 9 }, .measurement_n = 48, .platform = { { 7 } },
		.valid_to_s = (now - HOUR_MS) / 1000 }, other;

	ck_ok(roster_policy_get(p, core->final->tree));
	p->kinds = ATTEST_KIND_BIT(ATTEST_KIND_SNP) | ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE);
	p->lapse_ms = 2 * HOUR_MS;
	p->measurements_n = 1;
	p->measurements[0] = (struct attest_policy_measurement){ .kind = ATTEST_KIND_SNP,
		.measurement = { 9 }, .measurement_n = 48, .until_ms = now - HOUR_MS };
	ck_ok(roster_policy_put(&core->final->tree, p));
	ck_ok(roster_member_get(m, core->final->tree, 1));
	m->facts = facts;
	standing_set(core, m, ROSTER_DUE, true);
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data, now), SR_OK);
	ck_assert_uint_eq(enclave_core_evidence_grace_ms(core, 1), 2 * HOUR_MS);
	/* So long, and no longer; time, and nothing else; of that machine, and no other. */
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data, now + HOUR_MS),
	    SR_ERR_MEASUREMENT_ENDED);
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data,
	    now + 2 * HOUR_MS), SR_ERR_COLLATERAL_TIME);
	other = facts, other.measurement[0] = 8;
	ck_error(enclave_core_evidence_judge(core, 1, &other, facts.report_data, now),
	    SR_ERR_MEASUREMENT);
	other = facts, other.platform.b[0] = 8;
	ck_error(enclave_core_evidence_judge(core, 1, &other, facts.report_data, now),
	    SR_ERR_COLLATERAL_OTHER);
	m->facts.kind = ATTEST_KIND_NITRO;
	standing_set(core, m, 0, true);
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data, now),
	    SR_ERR_EVIDENCE_KIND);
	m->facts.kind = ATTEST_KIND_SNP;
	standing_set(core, m, ROSTER_LAPSED, true);
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data, now),
	    SR_ERR_COLLATERAL_TIME);
	ck_assert_uint_eq(enclave_core_evidence_grace_ms(core, 1), 0);
	standing_set(core, m, 0, false);
	ck_error(enclave_core_evidence_judge(core, 1, &facts, facts.report_data, now),
	    SR_ERR_COLLATERAL_TIME);
	/* My own certificate is of my kind, too. */
	ck_assert(enclave_core_evidence_software(core));
	ck_ok(roster_member_get(m, core->final->tree, core->seat));
	m->facts = facts;
	standing_set(core, m, 0, true);
	ck_assert(!enclave_core_evidence_software(core));
	free(m);
	free(p);
	cluster_free(c);
}
END_TEST

START_TEST(nobody_connects_to_who_is_not_admitted)
{
	struct cluster *c = start(4, 521);
	uint32_t five = cluster_node_add(c);
	const struct sr_hash32 other = { { 99 } };
	struct dialled d = { 0, 0 };
	struct sr_edpk id;

	c->hooks = (struct cluster_hooks){ .ctx = &d, .effect = dial_seen };
	c->claimed = &other;
	ck_ok(cluster_node_join(c, five, 0));
	cluster_run(c, 60000);
	ck_assert_uint_eq(c->nodes[five].status.role, ENCLAVE_ROLE_JOINING);
	ck_assert_uint_eq(d.told, 0);
	ck_error(enclave_core_peer_key(&id, c->nodes[0].core, 4), SR_ERR_NOT_A_MEMBER);
	ck_assert_uint_eq(epoch_of(c, 0)->n, 4);
	ck_assert_uint_eq(d.noted, 0);
	cluster_run(c, 600000);
	ck_assert_uint_eq(d.noted, 1);
	cluster_free(c);
}
END_TEST

/* -------------------------------------------------------------------------- leaving, refreshing */

/* When a node ends, nothing of this is in memory any more. */
static void gone_at_end(void *ctx, struct cluster *c, uint32_t node,
    const struct enclave_effect *fx)
{
	(void)c;
	(void)node;
	if (fx->kind == ENCLAVE_FX_FATAL)
		ck_assert(memory_has(ctx, false));
}

START_TEST(who_leaves_has_nothing_left_and_says_so_at_every_start)
{
	struct world *w = world_new(5, 501);
	struct needles gone;
	struct cluster_node *node = &w->c->nodes[1];
	struct enclave_core *core = node->core;

	needles_of(&gone, core);
	needle_add(&gone, core->keys->box.b);
	ck_assert(memory_has(&gone, true));
	w->c->hooks = (struct cluster_hooks){ .ctx = &gone, .effect = gone_at_end };
	ck_ok(cluster_leave(w->c, 1, 0));
	ck_assert(cluster_run_epoch(w->c, 2, 60000));
	cluster_run(w->c, 2000);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_LEFT);
	ck_assert_uint_eq(epoch_of(w->c, 0)->n, 4);
	ck_assert(memory_has(&gone, false));
	ck_assert_uint_eq(node->log.n, 1);
	for (int round = 0; round < 2; round++)
		refuses(w->c, 1, SR_ERR_LEFT);
	ck_assert(memory_has(&gone, false));
	opens(w, 0);
	world_free(w);
}
END_TEST

START_TEST(a_leaver_that_slept_through_its_last_epoch_wipes_itself_when_it_wakes)
{
	struct world *w = world_new(5, 522);
	struct cluster_node *node = &w->c->nodes[4];

	ck_ok(cluster_leave(w->c, 4, 0));
	cluster_run(w->c, 30);
	cluster_kill(w->c, 4, false);
	ck_assert(cluster_run_epoch(w->c, 2, 120000));
	cluster_run(w->c, 5000);
	cluster_start(w->c, 4);
	cluster_run(w->c, 20000);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_LEFT);
	world_free(w);
}
END_TEST

/* A node that woke in an epoch which no member serves any more. */
static struct world *overslept(uint32_t n, uint64_t seed, uint32_t node)
{
	struct world *w = world_new(n, seed);

	ck_ok(cluster_leave(w->c, node, 0));
	cluster_run(w->c, 30);
	cluster_kill(w->c, node, false);
	ck_assert(cluster_run_epoch(w->c, 2, 120000));
	for (uint64_t epoch = 3; epoch < 5; epoch++) {
		cluster_run(w->c, 6000);
		ck_ok(cluster_refresh(w->c, 0));
		ck_assert(cluster_run_epoch(w->c, epoch, 120000));
	}
	cluster_run(w->c, 5000);
	cluster_start(w->c, node);
	cluster_run(w->c, 60000);
	ck_assert(!w->c->nodes[node].fatal);
	return w;
}

START_TEST(who_slept_through_more_than_its_removal_learns_it_from_any_member)
{
	struct world *w = overslept(5, 535, 4);
	struct cluster_node *node = &w->c->nodes[4];
	struct enclave_core *core = node->core;
	struct needles gone;

	needles_of(&gone, core);
	needle_add(&gone, core->keys->box.b);
	/* What it knows is over is no news; nor is what does not follow from its own epoch. */
	cluster_trail_show(w->c, 4, 0, 0);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_LEFT);
	ck_assert(memory_has(&gone, false));
	ck_assert_uint_eq(node->log.n, 1);
	refuses(w->c, 4, SR_ERR_LEFT);
	world_free(w);
}
END_TEST

/* One byte of the certificate, or a step left out. */
START_TEST(what_does_not_follow_from_its_own_epoch_removes_nobody)
{
	struct world *w = overslept(5, 536, 4);
	struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL };
	struct cluster_node *node = &w->c->nodes[4];
	struct sr_hash32 close;
	struct sr_bytes step;
	struct sr_reader r;

	cluster_trail_fetch(w->c, 4, 0);
	sr_reader_init(&r, node->trail + 4, node->trail_n - 4);
	ck_ok(epoch_trail_step_read(&step, &close, &r));
	/* Steps 2 and on, as if they were 1 and on. */
	ck_ok(epoch_trail_step_read(&step, &close, &r));
	ev.number = 1;
	ev.a = (struct sr_bytes){ r.p - 4, r.left + 4 };
	memcpy(node->trail + (r.p - node->trail) - 4, (uint8_t[]){ 2, 0, 0, 0 }, 4);
	cluster_event(w->c, 4, &ev);
	ck_assert(!node->fatal);
	/* The true one, but for a signature. */
	cluster_trail_fetch(w->c, 4, 0);
	sr_reader_init(&r, node->trail + 4, node->trail_n - 4);
	ck_ok(epoch_trail_step_read(&step, &close, &r));
	ck_ok(epoch_trail_step_read(&step, &close, &r));
	sr_reader_init(&r, step.p, step.n);
	(void)sr_read_blob(&r, 1u << 20);
	step = sr_read_blob(&r, 1u << 20);
	node->trail[(step.p - node->trail) + (ptrdiff_t)step.n - 1] ^= 1;
	ev.number = 0;
	ev.a = (struct sr_bytes){ node->trail, node->trail_n };
	cluster_event(w->c, 4, &ev);
	ck_assert(!node->fatal);
	/* A trail that goes no further than this epoch. */
	cluster_trail_fetch(w->c, 4, 0);
	memcpy(node->trail, (uint8_t[]){ 1, 0, 0, 0 }, 4);
	sr_reader_init(&r, node->trail + 4, node->trail_n - 4);
	ck_ok(epoch_trail_step_read(&step, &close, &r));
	ev.a = (struct sr_bytes){ node->trail, 4 + step.n };
	cluster_event(w->c, 4, &ev);
	ck_assert(!node->fatal);
	world_free(w);
}
END_TEST

/* Whose disk is older than what it acknowledged has no share of this epoch, and none to come. */
START_TEST(a_member_with_a_disk_of_long_ago_says_what_is_lost)
{
	struct world *w = world_new(4, 537);
	struct cluster_node *node = &w->c->nodes[3];
	struct cluster_disk *old;

	cluster_kill(w->c, 3, false);
	old = cluster_disk_copy(w->c, 3);
	cluster_start(w->c, 3);
	for (uint64_t epoch = 2; epoch < 5; epoch++) {
		cluster_run(w->c, 6000);
		ck_ok(cluster_refresh(w->c, 0));
		ck_assert(cluster_run_epoch(w->c, epoch, 120000));
	}
	cluster_run(w->c, 5000);
	cluster_kill(w->c, 3, false);
	cluster_disk_back(w->c, 3, old);
	cluster_start(w->c, 3);
	cluster_run(w->c, 60000);
	ck_assert(!node->fatal);
	cluster_trail_show(w->c, 3, 1, 0);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_EPOCH_STEP);
	opens(w, 0);
	world_free(w);
}
END_TEST

/* Do these shares, by their indices, give the vault key? */
static bool give(const struct epoch_record *epoch, const struct shamir_index *set,
    const struct sr_scalar *shares, size_t n)
{
	struct sr_scalar x;
	struct sr_point y;

	ck_ok(shamir_interpolate(&x, set, shares, n));
	sr_point_base_mul(&y, &x);
	return memcmp(y.b, epoch->vault_key, 32) == 0;
}

START_TEST(a_refresh_changes_every_share_and_not_the_vault_key)
{
	struct world *w = world_new(4, 502);
	struct epoch_record before = *epoch_of(w->c, 0);
	struct sr_scalar old[4], new[4], mixed[4];
	struct shamir_index set[4] = { { 1 }, { 2 }, { 3 }, { 4 } };
	const struct epoch_record *after;

	for (uint32_t i = 0; i < 4; i++)
		old[i] = w->c->nodes[i].core->keys->now.share;
	cluster_run(w->c, 6000);
	ck_ok(cluster_refresh(w->c, 2));
	ck_assert(cluster_run_epoch(w->c, 2, 60000));
	after = epoch_of(w->c, 0);
	ck_assert_mem_eq(after->vault_key, before.vault_key, 32);
	for (uint32_t i = 0; i < 4; i++) {
		new[i] = w->c->nodes[i].core->keys->now.share;
		ck_assert_mem_ne(after->members[i].verify_key, before.members[i].verify_key, 32);
	}
	/* t = 3. Of one epoch they do; t - 1 of each, whichever, do not. */
	ck_assert_uint_eq(after->threshold, 3);
	ck_assert(give(after, set, old, 3) && give(after, set, new, 3));
	for (unsigned which = 1; which < 15; which++) {
		for (uint32_t i = 0; i < 4; i++)
			mixed[i] = (which >> i & 1) != 0 ? new[i] : old[i];
		ck_assert(!give(after, set, mixed, 4));
		if ((which & 7) != 0 && (which & 7) != 7)
			ck_assert(!give(after, set, mixed, 3));
	}
	opens(w, 1);
	world_free(w);
}
END_TEST

START_TEST(what_the_old_epoch_had_is_wiped_from_memory_and_disk_at_every_switch)
{
	struct cluster *c = start(4, 523);

	for (uint64_t epoch = 2; epoch <= 4; epoch++) {
		struct needles gone[4];

		for (uint32_t i = 0; i < 4; i++)
			needles_of(&gone[i], c->nodes[i].core);
		cluster_run(c, 6000);
		/* The searches find what is there. */
		ck_assert(memory_has(&gone[0], true));
		ck_assert_int_ge(disk_find(&gone[0], &c->nodes[0], c->nodes[0].core), 0);
		ck_ok(cluster_refresh(c, 0));
		ck_assert(cluster_run_epoch(c, epoch, 60000));
		cluster_run(c, 3000);
		for (uint32_t i = 0; i < 4; i++) {
			ck_assert(memory_has(&gone[i], false));
			ck_assert_int_lt(disk_find(&gone[i], &c->nodes[i], c->nodes[i].core), 0);
		}
	}
	cluster_free(c);
}
END_TEST

/* Old keys in the log again, as before the checkpoint that took them out. */
static void old_keys_log(struct cluster *c, uint32_t node, const struct needles *gone)
{
	struct enclave_core *core = c->nodes[node].core;
	struct core_epoch_keys *next = &core->keys->next, was = *next;
	struct enclave_effects list;

	for (uint32_t i = 0; i < 32; i++) {
		next->share.b[i] = gone->b[0][i] ^ MASK;
		next->vote_seed.b[i] = gone->b[1][i] ^ MASK;
	}
	next->epoch = core->keys->now.epoch + 1;
	next->has_share = next->has_vote = true;
	enclave_effects_init(&list);
	sr_drbg_init(&core->drbg, &(struct sr_key32){ { 7 } });
	core->out = &list;
	ck_ok(log_append_keys(core));
	core->out = NULL;
	*next = was;
	cluster_effects(c, node, &list);
}

/* What does not fit into a checkpoint waits for the next one, as checkpoint_write leaves it; but
 * old keys do not stay in the log until that is due. */
START_TEST(a_checkpoint_that_was_put_off_does_not_keep_old_keys_on_the_disk)
{
	struct cluster *c = start(4, 538);
	struct cluster_node *node = &c->nodes[1];
	struct enclave_core *core;
	struct needles gone;
	uint64_t before;

	needles_of(&gone, node->core);
	cluster_run(c, 6000);
	ck_ok(cluster_refresh(c, 0));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	cluster_run(c, 2000);
	core = node->core;
	ck_assert(core->old->wiped && !core->keys_stale);
	old_keys_log(c, 1, &gone);
	ck_assert_int_ge(disk_find(&gone, node, core), 0);
	core->keys_stale = true;
	core->checkpoint_due = false;
	core->checkpoint_height = core->final->header.height;
	before = node->checkpoints;
	cluster_run(c, 2000);
	ck_assert_uint_eq(node->checkpoints, before + 1);
	ck_assert_int_lt(disk_find(&gone, node, core), 0);
	cluster_free(c);
}
END_TEST

START_TEST(a_joiner_s_first_vote_key_is_wiped_like_all_others)
{
	struct cluster *c = start(4, 526);
	uint32_t five = cluster_node_add(c);
	struct needles gone;

	ck_ok(cluster_node_join(c, five, 0));
	ck_assert(cluster_run_members(c, 2, 60000));
	cluster_run(c, 6000);
	ck_assert(!c->nodes[five].core->keys->genesis_vote);
	needles_of(&gone, c->nodes[five].core);
	ck_ok(cluster_refresh(c, 0));
	ck_assert(cluster_run_epoch(c, 3, 60000));
	cluster_run(c, 3000);
	ck_assert(memory_has(&gone, false));
	ck_assert_int_lt(disk_find(&gone, &c->nodes[five], c->nodes[five].core), 0);
	/* The identity that is on the disk has none, either. */
	cluster_kill(c, five, false);
	cluster_start(c, five);
	ck_assert(memory_has(&gone, false));
	cluster_free(c);
}
END_TEST

/* -------------------------------------------------------------------------------------- crashes */

struct crash { uint32_t node, left; bool done; };

static void crash_at(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct crash *at = ctx;

	if (at->done || node != at->node || (fx->kind != ENCLAVE_FX_PERSIST &&
	    fx->kind != ENCLAVE_FX_CHECKPOINT && fx->kind != ENCLAVE_FX_IDENTITY))
		return;
	if (at->left-- > 0)
		return;
	at->done = true;
	cluster_kill(c, node, true);
}

START_TEST(a_crash_at_any_durable_moment_of_a_refresh_costs_nothing)
{
	struct world *w = world_new(4, 524);
	uint64_t epoch = 1;

	for (uint32_t n = 0; n < 90; n += 3) {
		struct crash at = { .node = n % 4, .left = n };

		cluster_run(w->c, 6000);
		w->c->hooks = (struct cluster_hooks){ .ctx = &at, .effect = crash_at };
		ck_ok(cluster_refresh(w->c, (at.node + 1) % 4));
		cluster_run(w->c, 3000);
		w->c->hooks = (struct cluster_hooks){ NULL, NULL, NULL };
		if (at.done)
			cluster_start(w->c, at.node);
		ck_assert(cluster_run_epoch(w->c, ++epoch, 120000));
		cluster_run(w->c, 1000);
	}
	opens(w, 2);
	world_free(w);
}
END_TEST

START_TEST(a_joiner_may_crash_at_any_durable_moment)
{
	for (uint32_t n = 0; n < 40; n += 5) {
		struct world *w = world_new(4, 530 + n);
		struct crash at = { .node = 4, .left = n };
		uint32_t five = cluster_node_add(w->c);

		w->c->hooks = (struct cluster_hooks){ .ctx = &at, .effect = crash_at };
		ck_ok(cluster_node_join(w->c, five, 0));
		cluster_run(w->c, 4000);
		w->c->hooks = (struct cluster_hooks){ NULL, NULL, NULL };
		if (at.done)
			cluster_start(w->c, five);
		ck_assert(cluster_run_members(w->c, 2, 120000));
		opens(w, five);
		world_free(w);
	}
}
END_TEST

/* --------------------------------------------------------------------------------------- faults */

START_TEST(who_signs_two_votes_in_a_slot_is_voted_out)
{
	struct world *w = world_new(5, 525);
	struct enclave_core *core = w->c->nodes[2].core;
	struct consensus_vote v = { .kind = CONSENSUS_NOTAR, .epoch = 1, .voter = 2 };
	struct consensus_status st;
	struct sr_writer m;

	consensus_status_get(&st, core->now->consensus);
	v.slot = st.frontier_slot + 1;
	for (uint8_t k = 0; k < 2; k++) {
		v.hash.b[0] = k + 1;
		consensus_vote_sign(&v, &w->c->genesis->chain_id, &core->keys->now.vote);
		sr_writer_init(&m, 1024);
		sr_write_u8(&m, CORE_CONSENSUS);
		sr_write_u64(&m, 1);
		sr_write_u8(&m, 1);
		sr_write_u8(&m, CONS_VOTES);
		sr_write_u64(&m, 1);
		sr_write_u16(&m, 1);
		consensus_vote_write(&m, &v);
		ck_ok(sr_writer_finish(&m));
		cluster_send(w->c, 2, 0, m.p, m.n, 1);
		sr_writer_clear(&m);
	}
	ck_assert(cluster_run_epoch(w->c, 2, 60000));
	cluster_run(w->c, 2000);
	ck_assert_uint_eq(cluster_index(w->c, 2, 0), EPOCH_NOBODY);
	ck_error(w->c->nodes[2].error, SR_ERR_LEFT);
	opens(w, 0);
	world_free(w);
}
END_TEST

START_TEST(who_is_not_heard_for_long_is_voted_out)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 5, .seed = 527,
		.silence_ms = 60000 });

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 30000);
	cluster_kill(c, 3, false);
	cluster_run(c, 50000);
	ck_assert_uint_eq(epoch_of(c, 0)->epoch, 1);
	ck_assert(cluster_run_epoch(c, 2, 120000));
	ck_assert_uint_eq(cluster_index(c, 3, 0), EPOCH_NOBODY);
	/* Back, it learns that it is out. */
	cluster_start(c, 3);
	cluster_run(c, 20000);
	ck_error(c->nodes[3].error, SR_ERR_LEFT);
	cluster_free(c);
}
END_TEST

/* Who was down itself finds out later, when the others' first votes are too old to count. */
START_TEST(votes_on_silence_are_renewed_until_all_have_noticed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 5, .seed = 531,
		.silence_ms = 20000 });

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 30000);
	cluster_kill(c, 3, false);
	for (int i = 0; i < 2; i++) {
		cluster_run(c, 16000);
		cluster_kill(c, 4, false);
		cluster_start(c, 4);
	}
	ck_assert(cluster_run_epoch(c, 2, 120000));
	ck_assert_uint_eq(cluster_index(c, 3, 0), EPOCH_NOBODY);
	cluster_free(c);
}
END_TEST

/* Nothing gets through while the line is down; then all but one are back at once. */
struct outage { bool all; uint32_t late; };

static bool outage_message(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	const struct outage *o = ctx;

	(void)c;
	(void)msg;
	(void)n;
	(void)delay_ms;
	return !o->all && from != o->late && to != o->late;
}

START_TEST(who_comes_back_last_from_an_outage_of_all_stays)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 5, .seed = 532,
		.silence_ms = 20000 });
	struct outage o = { .all = true, .late = 4 };

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 30000);
	c->hooks = (struct cluster_hooks){ .ctx = &o, .message = outage_message };
	cluster_run(c, 60000);
	o.all = false;
	cluster_run(c, 12000);
	c->hooks = (struct cluster_hooks){ NULL, NULL, NULL };
	cluster_run(c, 15000);
	ck_assert_uint_eq(epoch_of(c, 0)->epoch, 1);
	ck_assert_uint_eq(cluster_index(c, 4, 0), 4);
	/* And who stays away is out when the silence was heard, not sooner and not never. */
	cluster_kill(c, 4, false);
	ck_assert(cluster_run_epoch(c, 2, 60000));
	ck_assert_uint_eq(cluster_index(c, 4, 0), EPOCH_NOBODY);
	cluster_free(c);
}
END_TEST

/* All machines are suspended, again and again, and one wakes a little later. */
START_TEST(what_was_slept_through_is_no_silence)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 5, .seed = 534,
		.silence_ms = 20000 });
	struct outage o = { .late = 4 };

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	cluster_run(c, 10000);
	for (int k = 0; k < 8; k++) {
		c->hooks = (struct cluster_hooks){ .ctx = &o, .message = outage_message };
		cluster_run(c, 1000);
		for (uint32_t i = 0; i < 5; i++)
			c->nodes[i].clock_ms += 60000;
		cluster_run(c, 3000);
		c->hooks = (struct cluster_hooks){ NULL, NULL, NULL };
		cluster_run(c, 3000 + 37 * (uint64_t)k);
	}
	ck_assert_uint_eq(epoch_of(c, 0)->epoch, 1);
	cluster_free(c);
}
END_TEST

START_TEST(a_clock_that_was_ahead_does_not_keep_the_silent)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 5, .seed = 533,
		.silence_ms = 20000 });

	c->quiet = getenv("LOUD") == NULL;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	c->nodes[0].clock_ms = 8000000;
	cluster_run(c, 2000);
	c->nodes[0].clock_ms = 0;
	cluster_kill(c, 3, false);
	ck_assert(cluster_run_epoch(c, 2, 120000));
	ck_assert_uint_eq(cluster_index(c, 3, 0), EPOCH_NOBODY);
	cluster_free(c);
}
END_TEST

START_TEST(a_joiner_that_does_not_come_is_dropped)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 4, .seed = 528,
		.window_ms = 20000 });
	uint32_t five = cluster_node_add(c);

	c->quiet = getenv("LOUD") == NULL;
	for (uint32_t i = 0; i < 4; i++)
		cluster_start(c, i);
	ck_assert(cluster_run_until(c, first_epoch, NULL, 60000));
	cluster_run(c, 2000);
	ck_ok(cluster_node_join(c, five, 0));
	cluster_kill(c, five, false);
	cluster_run(c, 60000);
	ck_assert_uint_eq(epoch_of(c, 0)->epoch, 1);
	cluster_start(c, five);
	cluster_run(c, 20000);
	ck_assert_uint_eq(c->nodes[five].status.role, ENCLAVE_ROLE_JOINING);
	cluster_kill(c, five, false);
	/* Nothing is left of it: a refresh closes as before. */
	cluster_run(c, 30000);
	ck_ok(cluster_refresh(c, 0));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	ck_assert_uint_eq(epoch_of(c, 0)->n, 4);
	cluster_free(c);
}
END_TEST

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What a whole change costs four members whose state has so many versions of secrets. */
static double refresh_cost(uint32_t versions)
{
	struct cluster *c = start(4, 529);
	uint8_t value[200] = { 0 };
	double before;

	cluster_run(c, 6000);
	for (uint32_t i = 0; i < 4; i++) {
		struct enclave_core *core = c->nodes[i].core;
		struct vault_tree *t = vault_tree_ref(core->final->tree);

		for (uint32_t k = 0; k < versions; k++) {
			struct vault_key key = { { VAULT_REC_VERSION } };

			memcpy(key.b + 1, &k, sizeof(k));
			memcpy(key.b + 9, &k, sizeof(k));
			ck_ok(vault_tree_put(&t, &key, value, sizeof(value)));
		}
		(void)vault_tree_root(t);
		vault_tree_unref(core->final->tree);
		core->final->tree = t;
		checkpoint_rows_are(core, t);
	}
	before = cpu_s();
	ck_ok(cluster_refresh(c, 0));
	ck_assert(cluster_run_epoch(c, 2, 60000));
	cluster_run(c, 2000);
	before = cpu_s() - before;
	cluster_free(c);
	return before;
}

START_TEST(a_change_takes_no_longer_when_there_are_many_secrets)
{
	double few = refresh_cost(0), many = refresh_cost(50000);

	ck_assert_msg(many < 3 * few + 0.1, "%.3f s of CPU, and %.3f s with 50000", few, many);
}
END_TEST

TEST_MAIN("enclave_join",
	a_joiner_that_does_not_come_is_dropped,
	a_change_takes_no_longer_when_there_are_many_secrets,
	a_joiner_s_first_vote_key_is_wiped_like_all_others,
	a_checkpoint_that_was_put_off_does_not_keep_old_keys_on_the_disk,
	who_is_not_heard_for_long_is_voted_out, votes_on_silence_are_renewed_until_all_have_noticed,
	who_comes_back_last_from_an_outage_of_all_stays, what_was_slept_through_is_no_silence,
	a_clock_that_was_ahead_does_not_keep_the_silent,
	a_fifth_node_joins_and_what_was_secret_before_opens_with_it,
	nobody_forgets_the_joiner_when_its_epoch_begins,
	an_operation_of_the_next_epoch_that_comes_early_waits_for_it,
	two_who_ask_to_join_at_once_both_become_members,
	members_replaced_one_after_another_keep_every_secret,
	a_joiner_that_is_started_again_and_again_gets_there,
	a_joiner_on_a_bad_line_gets_there,
	a_trail_that_does_not_follow_from_the_genesis_is_refused,
	a_trail_without_the_pinned_epoch_is_another_past,
	what_one_member_makes_up_is_noticed_and_another_one_asked,
	a_header_that_no_quorum_signed_is_not_believed,
	who_did_not_ask_is_shown_no_state,
	who_sends_other_rows_than_the_state_s_is_left_at_once,
	who_leaves_a_row_out_or_adds_one_is_left_before_the_last_piece,
	rows_that_are_lost_are_asked_for_again,
	who_asks_often_is_not_served_more,
	who_joins_judges_its_peers_by_the_genesis,
	a_member_in_good_standing_has_a_grace_when_only_time_speaks_against_it,
	nobody_connects_to_who_is_not_admitted,
	who_leaves_has_nothing_left_and_says_so_at_every_start,
	a_leaver_that_slept_through_its_last_epoch_wipes_itself_when_it_wakes,
	who_slept_through_more_than_its_removal_learns_it_from_any_member,
	what_does_not_follow_from_its_own_epoch_removes_nobody,
	a_member_with_a_disk_of_long_ago_says_what_is_lost,
	a_refresh_changes_every_share_and_not_the_vault_key,
	what_the_old_epoch_had_is_wiped_from_memory_and_disk_at_every_switch,
	a_crash_at_any_durable_moment_of_a_refresh_costs_nothing,
	a_joiner_may_crash_at_any_durable_moment,
	who_signs_two_votes_in_a_slot_is_voted_out)
