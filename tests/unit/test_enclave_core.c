/* The core as its clients and its disk see it: four of them in virtual time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/wire.h"
#include "enclave/internal.h"
#include "shamir/tdh2.h"
#include "tests/lib/check_main.h"
#include "tests/lib/cluster.h"
#include "vault/policy.h"
#include "vault/proof.h"

#define NODES 4u

struct world {
	struct cluster *c;
	struct cluster_key alice, bob;
	uint64_t nft;
	struct vault_secret_id secret;
	struct sr_key32 kem;                    /* the key inside the TDH2 ciphertext */
	struct shamir_tdh2_ct ct;
	struct sr_hash32 label;
};

static struct cluster *start(uint64_t seed)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = seed });

	c->quiet = true;
	cluster_start_all(c);
	ck_assert(cluster_run_epoch(c, 1, 60000));
	return c;
}

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

static struct sr_bytes policy_of(struct sr_writer *w, const char *words)
{
	struct vault_policy *p = malloc(sizeof(*p));
	size_t at;

	ck_assert_ptr_nonnull(p);
	ck_ok(vault_policy_parse(p, &at, words, strlen(words)));
	sr_writer_init(w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(w, p);
	ck_ok(sr_writer_finish(w));
	free(p);
	return (struct sr_bytes){ w->p, w->n };
}

static void mint(struct world *w, const struct vault_account *to)
{
	union vault_op_body b = { .nft_mint = { 0, *to, text("key") } };
	struct vault_receipt receipt;

	ck_ok(cluster_submit(w->c, 0, &w->alice, VAULT_OP_NFT_MINT, &b, &receipt));
	w->nft = receipt.id;
}

static void put(struct world *w, const char *words, uint32_t node)
{
	struct sr_writer policy, ct;
	struct sr_point y;
	struct sr_hash32 policy_hash;
	struct vault_receipt receipt;
	union vault_op_body b;

	memset(&b, 0, sizeof(b));
	b.secret_put.id = vault_secret_id_derive(&w->c->genesis->chain_id, &w->alice.account,
	    w->alice.nonce);
	b.secret_put.name = text("will");
	b.secret_put.policy = policy_of(&policy, words);
	policy_hash = vault_policy_hash(b.secret_put.policy);
	w->secret = b.secret_put.id;
	w->label = vault_label(&w->c->genesis->chain_id, &w->secret, &w->alice.account,
	    &policy_hash);
	ck_ok(sr_point_decode(&y, enclave_core_epoch(w->c->nodes[node].core)->vault_key));
	ck_ok(shamir_tdh2_encrypt(&w->ct, &w->kem, &y, w->label.b, 32, &w->c->drbg));
	sr_writer_init(&ct, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_write(&ct, &w->ct);
	ck_ok(sr_writer_finish(&ct));
	memcpy(b.secret_put.key.tdh2, ct.p, ct.n);
	b.secret_put.payload.inlined = true;
	b.secret_put.payload.inline_bytes = text("0123456789abcdef0123456789abcdef");
	b.secret_put.payload.plain_bytes = 16;
	ck_ok(cluster_submit(w->c, node, &w->alice, VAULT_OP_SECRET_PUT, &b, &receipt));
	sr_writer_clear(&policy);
	sr_writer_clear(&ct);
}

static struct world *world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	char words[32];

	ck_assert_ptr_nonnull(w);
	w->c = start(seed);
	cluster_key_make(&w->alice, w->c);
	cluster_key_make(&w->bob, w->c);
	mint(w, &w->bob.account);
	snprintf(words, sizeof(words), "holder(%llu)", (unsigned long long)w->nft);
	put(w, words, 1);
	return w;
}

static void world_free(struct world *w)
{
	cluster_free(w->c);
	free(w);
}

static uint64_t nft_version(struct world *w, uint32_t node)
{
	uint8_t id[8];
	struct vault_nft nft;
	struct sr_reader r;
	uint8_t *answer;
	size_t n;

	for (size_t i = 0; i < 8; i++)
		id[i] = (uint8_t)(w->nft >> (8 * i));
	ck_ok(cluster_get(w->c, node, NULL, VAULT_GET_NFT, false, id, 8, &answer, &n));
	sr_reader_init(&r, answer, n);
	vault_nft_read(&nft, &r);
	ck_ok(sr_reader_finish(&r));
	free(answer);
	return nft.version;
}

struct ticket { struct sr_hash32 id; struct sr_key32 sk; struct sr_xpk to; };

static enum sr_error retrieve(struct world *w, struct ticket *t, struct cluster_key *who,
    uint32_t node)
{
	union vault_op_body b = { .retrieve = { .id = w->secret, .nft_id = w->nft,
		.nft_version = nft_version(w, node) } };
	struct vault_receipt receipt;
	enum sr_error code;

	ck_ok(sr_drbg_fill(&w->c->drbg, t->sk.b, 32));
	sr_x25519_public(&t->to, &t->sk);
	b.retrieve.to = t->to;
	code = cluster_submit(w->c, node, who, VAULT_OP_RETRIEVE, &b, &receipt);
	t->id = receipt.op;
	return code;
}

static enum sr_error share_of(struct world *w, struct shamir_tdh2_share *share,
    const struct ticket *t, uint32_t node)
{
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE];
	enum sr_error code = SR_OK, error;
	struct sr_reader r;
	uint8_t *answer;
	size_t n;

	error = cluster_ask(w->c, node, CLIENT_SHARE, t->id.b, 32, &code, &answer, &n, 60000);
	if (error == SR_OK && code == SR_OK) {
		ck_assert_uint_eq(n, SHAMIR_TDH2_SHARE_SIZE + SR_HPKE_OVERHEAD);
		ck_ok(sr_hpke_open(plain, &t->sk, "strongroom share v1", t->id.b, 32, answer, n));
		sr_reader_init(&r, plain, sizeof(plain));
		shamir_tdh2_share_read(share, &r);
		ck_ok(sr_reader_finish(&r));
	}
	free(answer);
	return error != SR_OK ? error : code;
}

/* The key from the shares of these members; what combine says. */
static enum sr_error combine(struct world *w, struct sr_key32 *key, const struct ticket *t,
    const uint32_t *members, size_t n)
{
	const struct epoch_record *epoch = enclave_core_epoch(w->c->nodes[members[0]].core);
	struct shamir_tdh2_share shares[NODES];
	struct shamir_index indices[NODES], bad;
	struct sr_point keys[NODES];

	for (size_t i = 0; i < n; i++) {
		ck_ok(share_of(w, &shares[i], t, members[i]));
		indices[i].v = members[i] + 1;
		ck_ok(sr_point_decode(&keys[i], epoch->members[members[i]].verify_key));
	}
	return shamir_tdh2_combine(key, &bad, &w->ct, w->label.b, 32, indices, keys, shares, n,
	    epoch->threshold);
}

static void opens_with(struct world *w, const struct ticket *t, uint32_t a, uint32_t b, uint32_t c)
{
	struct sr_key32 key;

	ck_ok(combine(w, &key, t, (uint32_t[]){ a, b, c }, 3));
	ck_assert(memcmp(key.b, w->kem.b, 32) == 0);
}

/* ---------------------------------------------------------------------------------------- tests */

static enum sr_error fake_refuses(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	(void)evidence;
	(void)trust;
	(void)time_s;
	memset(facts, 0, sizeof(*facts));
	return SR_ERR_EVIDENCE_BAD;
}

/* The first key is dealt to whoever the genesis names: no quorum has judged them before that. */
START_TEST(who_boots_from_a_genesis_verifies_its_evidence)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = 4, .seed = 77 });
	struct enclave_core *core = enclave_core_new(&c->nodes[0].sealing, &c->measurement);
	const struct sr_key32 seed = { { 9 } };
	struct enclave_event boot = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION,
		.seed = &seed, .now_ms = c->genesis->created_ms + 1000,
		.a = { c->genesis_bytes, c->genesis_n },
		.b = { c->nodes[0].identity, c->nodes[0].identity_n } };
	struct enclave_event ready = { .kind = ENCLAVE_EV_READY, .number = 1, .seed = &seed,
		.now_ms = boot.now_ms };
	struct enclave_effects effects;

	ck_assert_ptr_nonnull(core);
	core->verify = fake_refuses;
	enclave_effects_init(&effects);
	ck_ok(enclave_step(core, &effects, &boot));
	ck_error(enclave_step(core, &effects, &ready), SR_ERR_EVIDENCE_BAD);
	enclave_effects_clear(&effects);
	enclave_core_free(core);
	cluster_free(c);
}
END_TEST

START_TEST(the_holder_gets_the_key_from_any_t_shares)
{
	struct world *w = world_new(11);
	struct sr_key32 key;
	struct ticket t;

	ck_ok(retrieve(w, &t, &w->bob, 2));
	opens_with(w, &t, 0, 1, 2);
	opens_with(w, &t, 1, 2, 3);
	opens_with(w, &t, 0, 2, 3);
	ck_error(combine(w, &key, &t, (uint32_t[]){ 0, 1 }, 2), SR_ERR_SHARE_TOO_FEW);
	world_free(w);
}
END_TEST

START_TEST(a_share_is_sealed_to_the_ticket_s_key_alone)
{
	struct world *w = world_new(12);
	enum sr_error code = SR_OK;
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE], *answer;
	struct sr_key32 other = { { 7 } };
	struct ticket t;
	size_t n;

	ck_ok(retrieve(w, &t, &w->bob, 0));
	ck_ok(cluster_ask(w->c, 3, CLIENT_SHARE, t.id.b, 32, &code, &answer, &n, 60000));
	ck_ok(code);
	ck_error(sr_hpke_open(plain, &other, "strongroom share v1", t.id.b, 32, answer, n),
	    SR_ERR_DECRYPT_FAILED);
	ck_ok(sr_hpke_open(plain, &t.sk, "strongroom share v1", t.id.b, 32, answer, n));
	free(answer);
	world_free(w);
}
END_TEST

START_TEST(who_transferred_the_nft_away_gets_nothing)
{
	struct world *w = world_new(13);
	union vault_op_body b = { .nft_transfer = { w->nft, 0, w->alice.account } };
	struct vault_receipt receipt;
	struct ticket t;

	b.nft_transfer.nft_version = nft_version(w, 0);
	ck_ok(cluster_submit(w->c, 0, &w->bob, VAULT_OP_NFT_TRANSFER, &b, &receipt));
	ck_assert_int_ne(retrieve(w, &t, &w->bob, 1), SR_OK);
	ck_ok(retrieve(w, &t, &w->alice, 1));
	opens_with(w, &t, 0, 1, 3);
	world_free(w);
}
END_TEST

START_TEST(a_submitted_operation_is_answered_alike_when_it_is_sent_again)
{
	struct cluster *c = start(14);
	struct cluster_key key;
	union vault_op_body b;
	struct sr_writer op;
	enum sr_error code = SR_OK;
	uint8_t *first, *second;
	size_t first_n, second_n;

	cluster_key_make(&key, c);
	b.nft_mint = (struct vault_op_nft_mint){ 0, key.account, text("one") };
	sr_writer_init(&op, SR_OP_MAX);
	cluster_op_write(&op, c, &key, VAULT_OP_NFT_MINT, &b);
	ck_ok(cluster_ask(c, 0, CLIENT_SUBMIT, op.p, op.n, &code, &first, &first_n, 30000));
	ck_ok(code);
	cluster_run(c, 2000);
	ck_ok(cluster_ask(c, 3, CLIENT_SUBMIT, op.p, op.n, &code, &second, &second_n, 30000));
	ck_ok(code);
	ck_assert_uint_eq(first_n, second_n);
	ck_assert_mem_eq(first, second, first_n);
	free(first);
	free(second);
	sr_writer_clear(&op);
	cluster_free(c);
}
END_TEST

START_TEST(refusals_say_why)
{
	struct cluster *c = start(15);
	struct cluster_key key;
	union vault_op_body b;
	struct vault_receipt receipt;
	struct sr_hash32 id = { { 9 } };
	enum sr_error code = SR_OK;
	uint8_t *answer;
	size_t n, token;

	cluster_key_make(&key, c);
	b.nft_mint = (struct vault_op_nft_mint){ 0, key.account, text("one") };
	ck_ok(cluster_submit(c, 0, &key, VAULT_OP_NFT_MINT, &b, &receipt));
	key.nonce = 0;
	b.nft_mint.name = text("two");
	ck_error(cluster_submit(c, 0, &key, VAULT_OP_NFT_MINT, &b, &receipt),
	    SR_ERR_NONCE_REPLAYED);
	key.nonce = 1000000;
	ck_error(cluster_submit(c, 0, &key, VAULT_OP_NFT_MINT, &b, &receipt), SR_ERR_NONCE_AHEAD);
	ck_ok(cluster_ask(c, 0, CLIENT_SHARE, id.b, 32, &code, &answer, &n, 30000));
	ck_error(code, SR_ERR_NO_SUCH_TICKET);
	free(answer);
	token = cluster_request(c, 0, CLIENT_SUBMIT, (const uint8_t *)"short", 5);
	ck_assert(c->replies[token].done);
	ck_error(c->replies[token].code, SR_ERR_TRUNCATED);
	token = cluster_request(c, 0, (enum client_method)77, NULL, 0);
	ck_error(c->replies[token].code, SR_ERR_BAD_KIND);
	cluster_free(c);
}
END_TEST

START_TEST(before_the_vault_key_exists_requests_are_not_ready)
{
	struct cluster *c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = 16 });
	uint8_t request[200] = { 0 };
	size_t token;

	c->quiet = true;
	cluster_start(c, 0);
	token = cluster_request(c, 0, CLIENT_GET, request, sizeof(request));
	ck_error(c->replies[token].code, SR_ERR_NOT_READY);
	cluster_free(c);
}
END_TEST

START_TEST(a_read_with_proof_is_checked_against_a_final_certificate)
{
	struct world *w = world_new(17);
	const struct epoch_record *epoch = enclave_core_epoch(w->c->nodes[2].core);
	struct consensus_header header;
	struct consensus_cert *cert = malloc(sizeof(*cert));
	struct sr_edpk keys[NODES];
	struct sr_bytes parts[3], value;
	struct vault_key key;
	struct sr_hash32 hash;
	struct sr_reader r;
	uint8_t id[8] = { 0 }, *answer;
	bool present;
	size_t n;

	ck_assert_ptr_nonnull(cert);
	id[0] = (uint8_t)w->nft;
	cluster_run(w->c, 3000);
	ck_ok(cluster_get(w->c, 2, NULL, VAULT_GET_NFT, true, id, 8, &answer, &n));
	sr_reader_init(&r, answer, n);
	for (size_t i = 0; i < 3; i++)
		parts[i] = sr_read_blob(&r, 200000);
	ck_ok(sr_reader_finish(&r));
	sr_reader_init(&r, parts[0].p, parts[0].n);
	consensus_header_read(&header, &r);
	ck_ok(sr_reader_finish(&r));
	sr_reader_init(&r, parts[1].p, parts[1].n);
	consensus_cert_read(cert, &r);
	ck_ok(sr_reader_finish(&r));
	hash = consensus_header_hash(&header);
	ck_assert_int_eq(cert->kind, CONSENSUS_FINAL);
	ck_assert(sr_hash32_equal(&hash, &cert->hash));
	for (uint32_t i = 0; i < NODES; i++)
		keys[i] = epoch->members[i].vote_key;
	ck_ok(consensus_cert_verify(cert, &w->c->genesis->chain_id, keys, NODES));
	ck_ok(vault_get_key(&key, VAULT_GET_NFT, (struct sr_bytes){ id, 8 }));
	ck_ok(vault_proof_check(&present, &value, &header.pre_state_root, &key, parts[2].p,
	    parts[2].n));
	ck_assert(present);
	free(answer);
	free(cert);
	world_free(w);
}
END_TEST

START_TEST(a_stranger_does_not_read_a_secret)
{
	struct world *w = world_new(18);
	struct cluster_key eve;
	uint8_t *answer;
	size_t n;

	cluster_key_make(&eve, w->c);
	ck_assert_int_ne(cluster_get(w->c, 0, &eve, VAULT_GET_SECRET, false, w->secret.b, 16,
	    &answer, &n), SR_OK);
	ck_assert_int_ne(cluster_get(w->c, 0, &eve, VAULT_GET_SECRET, true, w->secret.b, 16,
	    &answer, &n), SR_OK);
	ck_assert_int_ne(cluster_get(w->c, 0, NULL, VAULT_GET_SECRET, false, w->secret.b, 16,
	    &answer, &n), SR_OK);
	ck_ok(cluster_get(w->c, 0, &w->bob, VAULT_GET_SECRET, false, w->secret.b, 16, &answer, &n));
	free(answer);
	world_free(w);
}
END_TEST

START_TEST(the_trail_leads_from_the_genesis_to_the_vault_key)
{
	struct cluster *c = start(19);
	struct epoch_record *record = malloc(sizeof(*record));
	struct sr_hash32 close, root, mine;
	uint8_t *changed, *trail;
	size_t n;

	ck_assert_ptr_nonnull(record);
	cluster_trail_fetch(c, 0, 1);
	trail = c->nodes[0].trail;
	n = c->nodes[0].trail_n;
	ck_ok(epoch_trail_verify(record, &close, c->genesis, trail, n));
	ck_assert_uint_eq(record->epoch, 1);
	root = epoch_record_root(record);
	mine = epoch_record_root(enclave_core_epoch(c->nodes[3].core));
	ck_assert(sr_hash32_equal(&root, &mine));
	/* Planted faults: any changed byte is noticed. */
	changed = malloc(n);
	ck_assert_ptr_nonnull(changed);
	for (size_t i = 0; i < n; i += 7) {
		memcpy(changed, trail, n);
		changed[i] ^= 1;
		ck_assert_int_ne(epoch_trail_verify(record, &close, c->genesis, changed, n), SR_OK);
		ck_assert_uint_eq(record->epoch, 0);
	}
	free(changed);
	free(record);
	cluster_free(c);
}
END_TEST

START_TEST(a_block_is_shown_with_a_certificate)
{
	struct cluster *c = start(20);
	uint8_t height[8] = { 2 };
	size_t token;

	cluster_run(c, 3000);
	token = cluster_request(c, 0, CLIENT_BLOCK, height, 8);
	cluster_run(c, 10);
	ck_assert(c->replies[token].done);
	ck_ok(c->replies[token].code);
	memset(height, 0xff, 8);
	token = cluster_request(c, 0, CLIENT_BLOCK, height, 8);
	ck_error(c->replies[token].code, SR_ERR_NOT_FOUND);
	cluster_free(c);
}
END_TEST

/* ------------------------------------------------------------------------------------- the disk */

START_TEST(a_killed_node_comes_back_from_its_log_and_rows)
{
	struct world *w = world_new(21);
	struct ticket t;
	uint64_t height;

	cluster_run(w->c, 2000);
	height = cluster_height(w->c, 2);
	cluster_kill(w->c, 2, true);
	cluster_run(w->c, 5000);
	cluster_start(w->c, 2);
	ck_assert(!w->c->nodes[2].fatal);
	ck_assert(cluster_run_height(w->c, height + 30, 60000));
	ck_ok(retrieve(w, &t, &w->bob, 2));
	opens_with(w, &t, 0, 1, 2);
	world_free(w);
}
END_TEST

START_TEST(all_nodes_killed_at_once_go_on_where_they_were)
{
	struct world *w = world_new(22);
	struct ticket t;

	cluster_run(w->c, 1000);
	ck_ok(retrieve(w, &t, &w->bob, 2));
	for (uint32_t i = 0; i < NODES; i++)
		cluster_kill(w->c, i, true);
	cluster_start_all(w->c);
	cluster_run(w->c, 30000);
	for (uint32_t i = 0; i < NODES; i++)
		ck_assert(w->c->nodes[i].core != NULL);
	opens_with(w, &t, 0, 2, 3);
	world_free(w);
}
END_TEST

START_TEST(a_stopped_node_comes_back_from_its_rows)
{
	struct world *w = world_new(23);

	cluster_event(w->c, 1, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	ck_assert(w->c->nodes[1].stopped);
	ck_assert_uint_gt(w->c->nodes[1].store.n, 5);
	cluster_kill(w->c, 1, true);
	cluster_start(w->c, 1);
	ck_assert(!w->c->nodes[1].fatal);
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 10, 60000));
	world_free(w);
}
END_TEST

START_TEST(a_changed_record_before_good_ones_is_fatal)
{
	struct world *w = world_new(24);
	struct cluster_node *node = &w->c->nodes[3];

	cluster_run(w->c, 2000);
	cluster_kill(w->c, 3, true);
	ck_assert_uint_gt(node->log.n, 10);
	node->log.list[5].p[node->log.list[5].n / 2] ^= 1;
	cluster_start(w->c, 3);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(node->fatal_text, "restore"));
	world_free(w);
}
END_TEST

START_TEST(a_torn_last_record_is_left_out)
{
	struct world *w = world_new(25);
	struct cluster_node *node = &w->c->nodes[3];

	cluster_run(w->c, 2000);
	cluster_kill(w->c, 3, true);
	node->log.list[node->log.n - 1].p[20] ^= 1;
	cluster_start(w->c, 3);
	ck_assert(!node->fatal);
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 10, 60000));
	world_free(w);
}
END_TEST

START_TEST(a_row_taken_out_of_the_store_is_noticed)
{
	struct world *w = world_new(26);
	struct cluster_node *node = &w->c->nodes[0];

	cluster_event(w->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	cluster_kill(w->c, 0, true);
	free(node->store.list[1].key);
	free(node->store.list[1].value);
	node->store.list[1] = node->store.list[--node->store.n];
	cluster_start(w->c, 0);
	ck_assert(node->fatal);
	ck_error(node->error, SR_ERR_DAMAGED);
	world_free(w);
}
END_TEST

START_TEST(nothing_on_the_disk_says_what_it_is)
{
	struct world *w = world_new(27);

	cluster_event(w->c, 0, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
	for (size_t i = 0; i < w->c->nodes[0].store.n; i++) {
		const struct cluster_row *row = &w->c->nodes[0].store.list[i];

		ck_assert_uint_eq(row->key_n, 32);
		for (size_t k = 0; k + 32 <= row->value_n; k++)
			ck_assert_mem_ne(row->value + k, w->alice.account.b, 32);
		for (size_t k = 0; k + 16 <= row->value_n; k++)
			ck_assert_mem_ne(row->value + k, "0123456789abcdef", 16);
	}
	world_free(w);
}
END_TEST

/* ------------------------------------------------------------------------------------- releases */

static bool cut_off(void *ctx, struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n, uint64_t *delay_ms)
{
	uint32_t who = *(uint32_t *)ctx;

	(void)c;
	(void)msg;
	(void)n;
	(void)delay_ms;
	return from != who && to != who;
}

START_TEST(an_eclipsed_node_gives_no_share)
{
	struct world *w = world_new(28);
	struct shamir_tdh2_share share;
	uint32_t who = 1;
	struct ticket t;

	ck_ok(retrieve(w, &t, &w->bob, 0));
	cluster_run(w->c, 2000);
	w->c->hooks.ctx = &who;
	w->c->hooks.message = cut_off;
	ck_error(share_of(w, &share, &t, 1), SR_ERR_ECLIPSED);
	w->c->hooks.message = NULL;
	ck_ok(share_of(w, &share, &t, 1));
	world_free(w);
}
END_TEST

START_TEST(a_closed_ticket_gives_no_share)
{
	struct world *w = world_new(29);
	union vault_op_body b;
	struct shamir_tdh2_share share;
	struct vault_receipt receipt;
	struct ticket t;

	ck_ok(retrieve(w, &t, &w->bob, 0));
	b.ticket_close.ticket = t.id;
	ck_ok(cluster_submit(w->c, 0, &w->bob, VAULT_OP_TICKET_CLOSE, &b, &receipt));
	cluster_run(w->c, 1000);
	ck_error(share_of(w, &share, &t, 0), SR_ERR_TICKET_CLOSED);
	world_free(w);
}
END_TEST

START_TEST(a_nearly_full_disk_stops_voting_but_not_reading)
{
	struct world *w = world_new(30);
	uint64_t height;

	cluster_event(w->c, 2, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 1 });
	height = cluster_height(w->c, 2);
	cluster_run(w->c, 5000);
	ck_assert_uint_eq(cluster_height(w->c, 2), height);
	ck_assert_uint_gt(cluster_height(w->c, 0), height);
	(void)nft_version(w, 2);
	/* Nor does it ask to be woken for votes that it will not cast. */
	cluster_event(w->c, 2, &(struct enclave_event){ .kind = ENCLAVE_EV_TICK });
	ck_assert_uint_gt(
	    w->c->nodes[2].wake_ms, w->c->now_ms + (uint64_t)w->c->nodes[2].clock_ms);
	cluster_event(w->c, 2, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 0 });
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 5, 60000));
	world_free(w);
}
END_TEST

static void fill_and_free_disk(struct world *w, uint32_t node)
{
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 2, 60000));
	cluster_event(w->c, node,
	    &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 1 });
	cluster_event(w->c, node,
	    &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 0 });
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 5, 60000));
}

/* A row written by one checkpoint and gone by the next: the checkpoint after a full disk must know
 * that the store holds it. */
START_TEST(what_was_deleted_does_not_stay_on_a_disk_that_was_full)
{
	struct world *w = world_new(31);
	union vault_op_body b;
	struct vault_receipt receipt;

	memset(&b, 0, sizeof b);
	b.switch_create.name = text("estate");
	b.switch_create.settings.interval_ms = 86400000;
	b.switch_create.settings.grace_ms = 86400000;
	ck_ok(cluster_submit(w->c, 0, &w->alice, VAULT_OP_SWITCH_CREATE, &b, &receipt));
	fill_and_free_disk(w, 2);
	memset(&b, 0, sizeof b);
	b.switch_ref.switch_id = receipt.id;
	/* The deadline moves: one row goes, another comes. */
	ck_ok(cluster_submit(w->c, 0, &w->alice, VAULT_OP_SWITCH_HEARTBEAT, &b, &receipt));
	fill_and_free_disk(w, 2);
	cluster_kill(w->c, 2, true);
	cluster_start(w->c, 2);
	ck_assert_msg(!w->c->nodes[2].fatal, "%s", w->c->nodes[2].fatal_text);
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 5, 60000));
	world_free(w);
}
END_TEST

/* With many operations most rows are at the host when the checkpoint comes: they count with it. */
START_TEST(rows_go_to_the_host_ahead_of_their_checkpoint_and_count_with_it)
{
	struct world *w = world_new(33);
	struct cluster_node *node = &w->c->nodes[2];
	uint64_t before = node->checkpoints;
	size_t told;

	for (uint32_t i = 0; i < CORE_ROWS_OPS; i++)
		mint(w, &w->bob.account);
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 2, 60000));
	ck_assert_uint_eq(node->checkpoints, before);
	told = node->pending.n;
	ck_assert_uint_gt(told, 3 * CORE_ROWS_OPS);
	/* Not before it: the store is the last checkpoint's, and the log tells the rest. */
	cluster_kill(w->c, 2, false);
	cluster_start(w->c, 2);
	ck_assert_msg(!node->fatal, "%s", node->fatal_text);
	ck_assert_uint_lt(node->pending.n, told);
	for (uint32_t i = 0; i < CORE_ROWS_OPS; i++)
		mint(w, &w->bob.account);
	mint(w, &w->bob.account);
	ck_assert_uint_gt(node->pending.n, 3 * CORE_ROWS_OPS);
	before = node->checkpoints;
	node->core->checkpoint_due = true;
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 2, 60000));
	ck_assert_uint_eq(node->checkpoints, before + 1);
	cluster_kill(w->c, 2, false);
	cluster_start(w->c, 2);
	ck_assert_msg(!node->fatal, "%s", node->fatal_text);
	ck_assert(cluster_run_height(w->c, cluster_height(w->c, 0) + 5, 60000));
	world_free(w);
}
END_TEST

/* --------------------------------------------------------------------- what a share waits for */

/* One core of the cluster, taken out of its loop: whoever asks for a share of t waits here. */
struct stage {
	struct world *w;
	struct enclave_core *core;
	struct enclave_effects effects;
	struct vault_ticket ticket;
};

static bool ticket_final(struct cluster *c, void *ctx)
{
	struct vault_ticket found;

	return vault_ticket_find(&found, enclave_core_final_state(c->nodes[1].core), ctx) == SR_OK;
}

static void stage_open(struct stage *s, struct world *w, const struct ticket *t)
{
	const struct sr_key32 seed = { { 5 } };

	memset(s, 0, sizeof(*s));
	s->w = w;
	s->core = w->c->nodes[1].core;
	ck_ok(vault_ticket_find(&s->ticket, s->core->final->tree, &t->id));
	enclave_effects_init(&s->effects);
	s->core->out = &s->effects;
	sr_drbg_init(&s->core->drbg, &seed);
}

static void stage_close(struct stage *s)
{
	s->core->out = NULL;
	enclave_effects_clear(&s->effects);
	world_free(s->w);
}

/* Somebody asks, too. */
static struct core_client *asks(struct stage *s)
{
	struct core_client *c = calloc(1, sizeof(*c));

	ck_assert_ptr_nonnull(c);
	c->kind = WAIT_SHARE;
	c->subject = s->ticket.id;
	c->answer_key = s->ticket.to;
	c->since_ms = s->core->now_ms;
	c->next = s->core->clients;
	s->core->clients = c;
	s->core->clients_n++;
	return c;
}

/* Somebody asks, with heads of this age and height, and nobody else. Was a share sent? */
static bool share_sent(struct stage *s, uint64_t heads_ms, uint64_t heads_height)
{
	uint64_t before = s->core->releases;
	struct core_client *c;

	while (s->core->clients != NULL)
		clients_remove(s->core, s->core->clients);
	c = asks(s);
	c->heads_ms = heads_ms;
	c->heads_height = heads_height;
	release_run(s->core);
	return s->core->releases > before;
}

static bool head_delivers(struct stage *s, uint32_t from, uint64_t height)
{
	uint64_t before = s->core->releases;

	release_head(s->core, from, height);
	return s->core->releases > before;
}

static struct world *with_final_ticket(struct ticket *t, uint64_t seed)
{
	struct world *w = world_new(seed);

	ck_ok(retrieve(w, t, &w->bob, 0));
	cluster_run(w->c, 2000);
	return w;
}

START_TEST(a_share_needs_heads_that_are_fresh_and_as_high_as_its_ticket)
{
	struct ticket t;
	struct world *w = with_final_ticket(&t, 40);
	uint64_t now, height;
	struct stage s;

	stage_open(&s, w, &t);
	now = s.core->now_ms;
	height = s.core->final->header.height;
	ck_assert_uint_gt(height, s.ticket.height);
	ck_assert(!share_sent(&s, 0, height));
	ck_assert(!share_sent(&s, now - CORE_HEADS_MS - 1, height));
	ck_assert(!share_sent(&s, now, s.ticket.height - 1));
	ck_assert(!share_sent(&s, now, height + 1)); /* others know more than I do */
	ck_assert(share_sent(&s, now - CORE_HEADS_MS, s.ticket.height));
	ck_assert(share_sent(&s, now, height));
	stage_close(&s);
}
END_TEST

START_TEST(heads_count_when_f_plus_one_others_have_spoken_and_no_liar_raises_them)
{
	struct ticket t;
	struct world *w = with_final_ticket(&t, 41);
	uint64_t height;
	struct stage s;

	stage_open(&s, w, &t);
	height = s.core->final->header.height;
	ck_assert(!share_sent(&s, 0, 0)); /* its challenge is out now */
	ck_assert(s.core->round.open);
	ck_assert(!head_delivers(&s, 2, height));
	ck_assert(!head_delivers(&s, 2, height));
	ck_assert_uint_eq(s.core->clients->heads_ms, 0);
	ck_assert(head_delivers(&s, 3, height + 1000000));
	stage_close(&s);
}
END_TEST

/* A host that keeps answers back until somebody asks whose right has gone meanwhile. */
START_TEST(heads_signed_before_somebody_asked_do_not_serve_him)
{
	struct ticket t;
	struct world *w = with_final_ticket(&t, 44);
	struct sr_hash32 first;
	uint64_t height;
	struct stage s;

	stage_open(&s, w, &t);
	height = s.core->final->header.height;
	ck_assert(!share_sent(&s, 0, 0));
	first = s.core->round.nonce;
	(void)asks(&s);
	release_run(s.core);
	ck_assert(sr_hash32_equal(&s.core->round.nonce, &first)); /* nor does he undo it */
	ck_assert(!head_delivers(&s, 2, height));
	ck_assert(head_delivers(&s, 3, height));
	ck_assert_uint_eq(s.core->clients_n, 1);
	ck_assert(s.core->round.open && !sr_hash32_equal(&s.core->round.nonce, &first));
	ck_assert(!head_delivers(&s, 2, height));
	ck_assert(head_delivers(&s, 3, height));
	ck_assert_uint_eq(s.core->clients_n, 0);
	/* And where they never come, the next challenge does. */
	ck_assert(!share_sent(&s, 0, 0));
	(void)asks(&s);
	s.core->now_ms += CORE_HEADS_MS / 4;
	release_run(s.core);
	ck_assert(!head_delivers(&s, 2, height));
	ck_assert(head_delivers(&s, 0, height));
	ck_assert_uint_eq(s.core->clients_n, 0);
	stage_close(&s);
}
END_TEST

START_TEST(a_share_waits_for_a_final_child_of_the_ticket_s_block)
{
	struct world *w = world_new(42);
	union vault_op_body b = { .retrieve = { .id = w->secret, .nft_id = w->nft,
		.nft_version = nft_version(w, 0) } };
	struct sr_writer op, msg;
	struct vault_op decoded;
	struct ticket t;
	struct stage s;

	ck_ok(sr_drbg_fill(&w->c->drbg, t.sk.b, 32));
	sr_x25519_public(&b.retrieve.to, &t.sk);
	sr_writer_init(&op, SR_OP_MAX);
	cluster_op_write(&op, w->c, &w->bob, VAULT_OP_RETRIEVE, &b);
	ck_ok(vault_op_decode(&decoded, op.p, op.n));
	t.id = decoded.hash;
	sr_writer_init(&msg, SR_OP_MAX + 1);
	sr_write_u8(&msg, CORE_OPERATION);
	sr_write_copy(&msg, op.p, op.n);
	for (uint32_t i = 0; i < NODES; i++)
		cluster_send(w->c, (i + 1) % NODES, i, msg.p, msg.n, 1);
	ck_assert(cluster_run_until(w->c, ticket_final, &t.id, 30000));
	sr_writer_clear(&op);
	sr_writer_clear(&msg);
	stage_open(&s, w, &t);
	/* This very block has just become final; nobody has agreed on what it made. */
	ck_assert_uint_eq(s.core->final->header.height, s.ticket.height);
	ck_assert(!share_sent(&s, s.core->now_ms, s.ticket.height));
	stage_close(&s);
}
END_TEST

START_TEST(what_the_state_no_longer_allows_is_not_served_though_the_ticket_is_open)
{
	struct ticket t;
	struct world *w = with_final_ticket(&t, 43);
	struct stage s;

	stage_open(&s, w, &t);
	s.core->now_ms = s.ticket.expires_ms - 1;
	ck_assert(share_sent(&s, s.core->now_ms, s.core->final->header.height));
	s.core->now_ms = s.ticket.expires_ms;
	ck_assert(!share_sent(&s, s.core->now_ms, s.core->final->header.height));
	stage_close(&s);
}
END_TEST

TEST_MAIN("enclave core", who_boots_from_a_genesis_verifies_its_evidence,
    the_holder_gets_the_key_from_any_t_shares,
    a_share_is_sealed_to_the_ticket_s_key_alone, who_transferred_the_nft_away_gets_nothing,
    a_submitted_operation_is_answered_alike_when_it_is_sent_again, refusals_say_why,
    before_the_vault_key_exists_requests_are_not_ready,
    a_read_with_proof_is_checked_against_a_final_certificate, a_stranger_does_not_read_a_secret,
    the_trail_leads_from_the_genesis_to_the_vault_key, a_block_is_shown_with_a_certificate,
    a_killed_node_comes_back_from_its_log_and_rows,
    all_nodes_killed_at_once_go_on_where_they_were, a_stopped_node_comes_back_from_its_rows,
    a_changed_record_before_good_ones_is_fatal, a_torn_last_record_is_left_out,
    a_row_taken_out_of_the_store_is_noticed, nothing_on_the_disk_says_what_it_is,
    an_eclipsed_node_gives_no_share, a_closed_ticket_gives_no_share,
    a_nearly_full_disk_stops_voting_but_not_reading,
    what_was_deleted_does_not_stay_on_a_disk_that_was_full,
    rows_go_to_the_host_ahead_of_their_checkpoint_and_count_with_it,
	a_share_needs_heads_that_are_fresh_and_as_high_as_its_ticket,
	heads_count_when_f_plus_one_others_have_spoken_and_no_liar_raises_them,
    heads_signed_before_somebody_asked_do_not_serve_him,
	a_share_waits_for_a_final_child_of_the_ticket_s_block,
	what_the_state_no_longer_allows_is_not_served_though_the_ticket_is_open)
