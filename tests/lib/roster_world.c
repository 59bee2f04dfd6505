/* tests/lib/roster_world.c - rosters on a vault tree. */
#include "tests/lib/roster_world.h"

#include "consensus/wire.h"
#include "vault/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fuzzers use this world, too: there is no suite there to fail. */
#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
#define MUST_SAME(a, b, n) MUST(memcmp((a), (b), (n)) == 0)
#define MUST_OK(expr) MUST((expr) == SR_OK)

static void person_make(struct roster_world *w, uint32_t i)
{
	struct roster_person *p = &w->people[i];
	struct genesis_member *e = &p->entry;
	struct sr_key32 seed;
	struct sr_point box;

	MUST_OK(sr_drbg_fill(&w->drbg, seed.b, 32));
	sr_ed25519_keypair(&p->operator_sk, &p->operator_pk, &seed);
	e->operator_key = p->operator_pk;
	MUST_OK(sr_drbg_fill(&w->drbg, seed.b, 32));
	sr_ed25519_keypair(&p->id, &e->id_key, &seed);
	MUST_OK(sr_drbg_fill(&w->drbg, seed.b, 32));
	sr_ed25519_keypair(&p->vote, &e->vote_key, &seed);
	MUST_OK(shamir_box_keypair(&p->box, &box, &w->drbg));
	memcpy(e->box_key, box.b, 32);
	e->name_n = (size_t)snprintf((char *)e->name, sizeof(e->name), "person %u", i);
	snprintf(e->url, sizeof(e->url), "https://10.0.0.%u:1", i);
	snprintf(e->link, sizeof(e->link), "tcp://10.0.0.%u:2", i);
}

static void entry_sign(struct roster_world *w, uint32_t i, const struct sr_hash32 *nonce)
{
	struct roster_person *p = &w->people[i];
	struct genesis_member *e = &p->entry;
	struct sr_writer evidence;
	uint8_t report[64];

	genesis_report_data(report, &e->operator_key, &e->id_key, &e->vote_key, e->box_key,
	    nonce);
	sr_writer_init(&evidence, GENESIS_EVIDENCE_MAX);
	genesis_software_evidence(&evidence, &w->measurement, report, &p->operator_sk);
	MUST_OK(sr_writer_finish(&evidence));
	free(p->evidence);
	p->evidence = sr_writer_take(&evidence, &e->evidence.n);
	e->evidence.p = p->evidence;
	genesis_member_sign(e, nonce, &p->operator_sk);
}

static void genesis_make(struct roster_world *w, uint32_t n, void (*tweak)(struct attest_policy *p))
{
	struct genesis *g = w->g;
	struct sr_writer file;

	g->name_n = (size_t)snprintf((char *)g->name, sizeof(g->name), "rosters");
	g->created_ms = ROSTER_START_MS;
	g->nonce = sr_hash("nonce", 5);
	g->slot_ms = 300;
	g->slot_min_ms = 20;
	g->threshold = n / 2 + 1;
	g->members_n = n;
	attest_policy_default(&g->policy);
	g->policy.operators_open = true;
	g->policy.refresh_ms = 0;
	if (tweak != NULL)
		tweak(&g->policy);
	MUST_OK(genesis_measurement_add(g, &w->measurement));
	for (uint32_t i = 0; i < n; i++) {
		entry_sign(w, i, &g->nonce);
		g->members[i] = w->people[i].entry;
	}
	sr_writer_init(&file, GENESIS_FILE_MAX);
	MUST_OK(genesis_encode(&file, g));
	sr_writer_clear(&file);
}

struct roster_world *roster_world_new(uint32_t n, uint64_t seed,
    void (*tweak)(struct attest_policy *p))
{
	struct roster_world *w = calloc(1, sizeof(*w));
	struct sr_key32 key = { { 0 } };

	MUST(w != NULL);
	w->g = calloc(1, sizeof(*w->g));
	w->now = calloc(1, sizeof(*w->now));
	w->before = calloc(1, sizeof(*w->before));
	w->memo = calloc(1, sizeof(*w->memo));
	MUST(w->g != NULL && w->now != NULL && w->before != NULL && w->memo != NULL);
	memcpy(key.b, &seed, sizeof(seed));
	sr_drbg_init(&w->drbg, &key);
	w->measurement = sr_hash("measurement", 11);
	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++)
		person_make(w, i);
	genesis_make(w, n, tweak);
	w->policy_chain = w->g->chain_id;
	epoch_record_genesis(w->now, w->g);
	w->time_ms = w->parent_ms = ROSTER_START_MS;
	MUST_OK(vault_genesis(&w->t, w->time_ms));
	MUST_OK(epoch_genesis(&w->t, w->g));
	MUST(roster_change_through(w));
	MUST(w->now->epoch == 1);
	return w;
}

void roster_world_free(struct roster_world *w)
{
	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++)
		free(w->people[i].evidence);
	vault_tree_unref(w->t);
	free(w->g);
	free(w->now);
	free(w->before);
	free(w->memo);
	free(w);
}

struct epoch_context roster_ctx(struct roster_world *w)
{
	return (struct epoch_context){
		.chain_id = w->g->chain_id, .now = w->now, .memo = w->memo, .genesis = w->g,
		.time_ms = w->time_ms, .parent_ms = w->parent_ms, .block = w->block,
	};
}

void roster_block(struct roster_world *w, uint64_t dt_ms)
{
	struct epoch_context ctx;

	w->parent_ms = w->time_ms;
	w->time_ms += dt_ms;
	ctx = roster_ctx(w);
	MUST_OK(epoch_begin_block(&w->t, &ctx));
}

void roster_pass(struct roster_world *w, uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i += 1000)
		roster_block(w, 1000);
}

/* ----------------------------------------------------------------------------------- operations */

enum sr_error roster_do(struct roster_world *w, enum epoch_op_kind kind, const struct sr_edsk *sk,
    const uint8_t *body, size_t n)
{
	struct epoch_context ctx = roster_ctx(w);
	struct sr_hash32 before = vault_tree_root(w->t), after;
	struct epoch_role role;
	struct sr_writer op;
	struct vault_op decoded;
	enum sr_error error;

	sr_writer_init(&op, SR_OP_MAX);
	MUST_OK(epoch_op_write(&op, &ctx, kind, sk, body, n));
	error = epoch_op_check(&decoded, &role, &ctx, w->t, op.p, op.n);
	if (error == SR_OK)
		error = epoch_apply(&w->t, &ctx, &decoded, &role);
	after = vault_tree_root(w->t);
	MUST(sr_hash32_equal(&before, &after) == (error != SR_OK));
	if (error == SR_OK && kind == EPOCH_OP_JOIN)
		for (uint32_t i = 0; i < ROSTER_PEOPLE; i++)
			if (memcmp(w->people[i].operator_pk.b, decoded.account.b, 32) == 0)
				w->people[i].subject = decoded.hash;
	sr_writer_clear(&op);
	return error;
}

void roster_entry(struct roster_world *w, uint32_t person)
{
	struct sr_hash32 nonce = epoch_record_nonce(w->now, w->g);

	entry_sign(w, person, &nonce);
}

enum sr_error roster_join_entry(struct roster_world *w, uint32_t person,
    const struct sr_edsk *signer)
{
	struct sr_writer body;
	enum sr_error error;

	sr_writer_init(&body, SR_OP_MAX);
	genesis_member_write(&body, &w->people[person].entry);
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_JOIN, signer, body.p, body.n);
	sr_writer_clear(&body);
	return error;
}

enum sr_error roster_join(struct roster_world *w, uint32_t person)
{
	roster_entry(w, person);
	return roster_join_entry(w, person, &w->people[person].operator_sk);
}

struct attest_facts roster_facts(const struct roster_world *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct attest_facts f = { .kind = ATTEST_KIND_SOFTWARE, .status = ATTEST_UP_TO_DATE,
		.measurement_n = 32, .valid_to_s = UINT64_MAX };

	memcpy(f.measurement, w->measurement.b, 32);
	memcpy(f.report_data, report_data, ATTEST_REPORT_DATA);
	return f;
}

enum sr_error roster_vote(struct roster_world *w, uint32_t member, const struct sr_hash32 *subject,
    enum sr_error code, const struct attest_facts *facts)
{
	struct sr_writer body;
	enum sr_error error;

	sr_writer_init(&body, 8192);
	roster_verdict_write(&body, subject, code, facts);
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_VERDICT, &w->people[member].vote, body.p, body.n);
	sr_writer_clear(&body);
	return error;
}

void roster_verdict(struct roster_world *w, const struct sr_hash32 *subject, enum sr_error code,
    const struct attest_facts *facts)
{
	uint32_t said = 0;

	for (uint32_t i = 0; i < ROSTER_PEOPLE && said < consensus_quorum(w->now->n); i++) {
		if (roster_index(w, i) == EPOCH_NOBODY)
			continue;
		MUST_OK(roster_vote(w, i, subject, code, facts));
		said++;
	}
}

void roster_admit(struct roster_world *w, uint32_t person)
{
	struct roster_subject subject;
	struct epoch_context ctx = roster_ctx(w);
	struct sr_hash32 after;
	struct attest_facts facts;

	MUST_OK(roster_join(w, person));
	MUST_OK(roster_subject_next(&subject, w->t, &ctx, 0, NULL));
	while (!sr_hash32_equal(&subject.subject, &w->people[person].subject)) {
		after = subject.subject;
		MUST_OK(roster_subject_next(&subject, w->t, &ctx, 0, &after));
	}
	facts = roster_facts(w, subject.report_data);
	roster_verdict(w, &subject.subject, SR_OK, &facts);
	MUST(roster_candidate(w, person).state == ROSTER_ADMITTED);
}

enum sr_error roster_seat_op(struct roster_world *w, enum epoch_op_kind kind,
    const struct sr_edsk *sk, uint32_t seat)
{
	uint8_t body[4] = { (uint8_t)seat, (uint8_t)(seat >> 8), 0, 0 };

	return roster_do(w, kind, sk, body, sizeof(body));
}

enum sr_error roster_silent_at(struct roster_world *w, const struct sr_edsk *sk, uint32_t seat,
    uint64_t time_ms)
{
	struct sr_writer body;
	enum sr_error error;

	sr_writer_init(&body, 12);
	sr_write_u32(&body, seat);
	sr_write_u64(&body, time_ms);
	error = roster_do(w, EPOCH_OP_SILENT, sk, body.p, body.n);
	sr_writer_clear(&body);
	return error;
}

enum sr_error roster_silent(struct roster_world *w, const struct sr_edsk *sk, uint32_t seat)
{
	uint64_t step = roster_silence_step(roster_policy_now(w).silence_ms);

	return roster_silent_at(w, sk, seat, w->time_ms - w->time_ms % step);
}

enum sr_error roster_reattest_with(struct roster_world *w, const struct sr_edsk *sk,
    uint32_t person, struct sr_bytes evidence, struct sr_hash32 *subject)
{
	struct epoch_context ctx = roster_ctx(w);
	struct roster_subject s;
	struct sr_writer body;
	enum sr_error error;

	sr_writer_init(&body, SR_OP_MAX);
	sr_write_u32(&body, roster_seat(w, person));
	sr_write_blob(&body, evidence.p, evidence.n);
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_REATTEST, sk, body.p, body.n);
	sr_writer_clear(&body);
	if (error != SR_OK || subject == NULL)
		return error;
	for (const struct sr_hash32 *after = NULL;; after = subject) {
		MUST_OK(roster_subject_next(&s, w->t, &ctx, 0, after));
		*subject = s.subject;
		if (s.evidence.n == evidence.n &&
		    memcmp(s.evidence.p, evidence.p, evidence.n) == 0)
			return SR_OK;
	}
}

enum sr_error roster_reattest(struct roster_world *w, const struct sr_edsk *sk, uint32_t person,
    uint8_t salt, struct sr_hash32 *subject)
{
	const uint8_t evidence[3] = { ATTEST_KIND_SOFTWARE, (uint8_t)person, salt };

	return roster_reattest_with(w, sk, person, (struct sr_bytes){ evidence, sizeof(evidence) },
	    subject);
}

static int by_key(const void *a, const void *b)
{
	const struct roster_person *const *p = a, *const *q = b;

	return memcmp((*p)->operator_pk.b, (*q)->operator_pk.b, 32);
}

enum sr_error roster_policy(struct roster_world *w, const struct attest_policy *p,
    const uint32_t *people, uint32_t n)
{
	const struct roster_person *signers[ROSTER_PEOPLE];
	struct sr_writer body, message;
	enum sr_error error;

	for (uint32_t i = 0; i < n; i++)
		signers[i] = &w->people[people[i]];
	qsort(signers, n, sizeof(signers[0]), by_key);
	MUST_OK(roster_policy_message(&message, &w->policy_chain, p));
	sr_writer_init(&body, SR_OP_MAX);
	sr_write_blob(&body, message.p + 32, message.n - 32);
	sr_write_u32(&body, n);
	for (uint32_t i = 0; i < n; i++) {
		struct sr_sig64 sig;

		roster_policy_sign(&sig, &signers[i]->operator_sk, message.p, message.n);
		sr_write_edpk(&body, &signers[i]->operator_pk);
		sr_write_sig(&body, &sig);
	}
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_POLICY, &w->people[people[0]].operator_sk, body.p, body.n);
	sr_writer_clear(&body);
	sr_writer_clear(&message);
	return error;
}

struct attest_policy roster_policy_now(const struct roster_world *w)
{
	struct attest_policy p;

	MUST_OK(roster_policy_get(&p, w->t));
	return p;
}

/* --------------------------------------------------------------------------------------- lookup */

uint32_t roster_index(const struct roster_world *w, uint32_t person)
{
	return epoch_record_id(w->now, &w->people[person].entry.id_key);
}

uint32_t roster_seat(const struct roster_world *w, uint32_t person)
{
	uint32_t index = roster_index(w, person);

	return index == EPOCH_NOBODY ? EPOCH_NOBODY : w->now->members[index].seat;
}

struct roster_candidate roster_candidate(const struct roster_world *w, uint32_t person)
{
	struct roster_candidate c;

	MUST_OK(roster_candidate_find(&c, w->t, &w->people[person].entry.id_key));
	return c;
}

struct roster_member roster_member(const struct roster_world *w, uint32_t person)
{
	struct roster_member m;

	MUST_OK(roster_member_get(&m, w->t, roster_seat(w, person)));
	return m;
}

bool roster_changing(const struct roster_world *w, struct epoch_change *change)
{
	return epoch_change_get(change, w->t);
}

/* --------------------------------------------------------------------------------------- change */

static struct epoch_record *next_roster(struct roster_world *w)
{
	struct epoch_record *next = malloc(sizeof(*next));

	MUST(next != NULL);
	MUST_OK(epoch_change_roster(next, w->t, w->now));
	return next;
}

static void boxes_seal(struct roster_world *w, struct epoch_deal *deal, uint32_t dealer,
    const struct epoch_record *next, const struct shamir_poly *poly,
    const struct sr_key32 *contribution)
{
	uint8_t context[EPOCH_CONTEXT_BYTES];
	struct sr_scalar share, r;
	struct sr_point to;

	MUST_OK(sr_scalar_random(&r, &w->drbg));
	epoch_boxes_context(context, &w->g->chain_id, next->epoch, dealer);
	MUST_OK(shamir_boxes_prove(&deal->boxes, &r, context, sizeof(context), &w->drbg));
	for (uint32_t k = 0; k < next->n; k++) {
		MUST_OK(sr_point_decode(&to, next->members[k].box_key));
		MUST_OK(shamir_poly_eval(&share, poly, (struct shamir_index){ k + 1 }));
		epoch_context_bytes(context, &w->g->chain_id, next->epoch, dealer, k,
		    EPOCH_ABOUT_SHARE);
		MUST_OK(shamir_subshare_seal_with(&deal->shares[k], &r, &to, &share, context,
		    sizeof(context)));
		epoch_context_bytes(context, &w->g->chain_id, next->epoch, dealer, k,
		    EPOCH_ABOUT_CONTRIBUTION);
		MUST_OK(shamir_box_seal32_with(&deal->contributions[k], &r, &to, contribution,
		    context, sizeof(context)));
	}
}

void roster_deal_make(struct roster_world *w, uint32_t person, struct epoch_deal *deal)
{
	struct roster_person *p = &w->people[person];
	struct epoch_record *next = next_roster(w);
	struct epoch_change change;
	struct sr_key32 seed, contribution;
	struct shamir_poly poly;

	MUST(epoch_change_get(&change, w->t));
	deal->attempt = change.attempt;
	MUST_OK(sr_drbg_fill(&w->drbg, seed.b, 32));
	sr_ed25519_keypair(&p->next_vote, &deal->vote_key, &seed);
	epoch_vote_sign(&deal->vote_proof, &p->next_vote, &w->g->chain_id, change.target,
	    change.attempt, roster_index(w, person));
	MUST_OK(sr_drbg_fill(&w->drbg, contribution.b, 32));
	deal->contribution = shamir_contribution_commit(&contribution);
	if (change.kind == EPOCH_CHANGE_DKG)
		MUST_OK(shamir_deal_fresh(&poly, &deal->c, change.threshold, &w->drbg));
	else
		MUST_OK(shamir_deal_reshare(&poly, &deal->c, change.threshold, &p->share,
		    &w->drbg));
	boxes_seal(w, deal, roster_index(w, person), next, &poly, &contribution);
	free(next);
}

enum sr_error roster_deal_send(struct roster_world *w, uint32_t person,
    const struct epoch_deal *deal)
{
	struct epoch_change change;
	struct sr_writer body;
	enum sr_error error;

	if (!epoch_change_get(&change, w->t))
		return SR_ERR_EPOCH_STEP;
	sr_writer_init(&body, SR_OP_MAX);
	epoch_deal_write(&body, deal, change.n);
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_DEAL, &w->people[person].vote, body.p, body.n);
	sr_writer_clear(&body);
	return error;
}

void roster_deal_all(struct roster_world *w)
{
	struct epoch_deal *deal = calloc(1, sizeof(*deal));
	struct epoch_change change;

	MUST(deal != NULL);
	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++) {
		uint32_t index = roster_index(w, i);

		MUST(epoch_change_get(&change, w->t));
		if (index == EPOCH_NOBODY || w->people[i].down || change.fixed ||
		    epoch_set_has(&change.dealt, index))
			continue;
		roster_deal_make(w, i, deal);
		MUST_OK(roster_deal_send(w, i, deal));
	}
	free(deal);
}

/* The share and the epoch's secret, as an honest receiver computes them. */
static void sums(struct roster_world *w, uint32_t person, uint32_t index,
    const struct epoch_change *change, struct sr_key32 *secret)
{
	static const char info[] = "strongroom epoch secret v1";
	struct roster_person *p = &w->people[person];
	struct epoch_set set = epoch_dealers(change);
	struct epoch_deal *deal = malloc(sizeof(*deal));
	struct sr_scalar shares[SR_MEMBERS_MAX];
	struct shamir_index dealers[SR_MEMBERS_MAX];
	struct sr_key32 contributions[SR_MEMBERS_MAX];
	uint8_t context[EPOCH_CONTEXT_BYTES], salt[56];
	size_t n = 0;

	MUST(deal != NULL);
	for (uint32_t i = 0; i < w->now->n; i++) {
		if (!epoch_set_has(&set, i))
			continue;
		MUST_OK(epoch_deal_get(deal, w->t, change, i));
		epoch_context_bytes(context, &w->g->chain_id, change->target, i, index,
		    EPOCH_ABOUT_SHARE);
		MUST_OK(shamir_subshare_open(&shares[n], &deal->shares[index], &p->box, context,
		    sizeof(context)));
		epoch_context_bytes(context, &w->g->chain_id, change->target, i, index,
		    EPOCH_ABOUT_CONTRIBUTION);
		MUST_OK(shamir_box_open32(&contributions[n], &deal->contributions[index], &p->box,
		    context, sizeof(context)));
		dealers[n++] = (struct shamir_index){ i + 1 };
	}
	if (change->kind == EPOCH_CHANGE_DKG)
		shamir_dkg_sum_shares(&p->next_share, shares, n);
	else
		MUST_OK(shamir_reshare_sum_shares(&p->next_share, shares, dealers, n,
		    w->now->threshold));
	epoch_ack_context(salt, &w->g->chain_id, change->target, &set);
	MUST_OK(sr_hkdf(secret->b, 32, (const uint8_t *)contributions, 32 * n, salt, sizeof(salt),
	    (const uint8_t *)info, sizeof(info) - 1));
	free(deal);
}

enum sr_error roster_ack(struct roster_world *w, uint32_t person)
{
	struct roster_person *p = &w->people[person];
	struct epoch_role role;
	struct epoch_change change;
	struct epoch_set set;
	struct sr_key32 secret, shielding;
	struct shamir_proof proof;
	uint8_t context[56];
	struct sr_xpk xpk;
	struct sr_point key;
	struct sr_writer body;
	enum sr_error error;

	MUST(epoch_change_get(&change, w->t));
	MUST_OK(epoch_role(&role, w->t, w->now, &p->entry.id_key));
	sums(w, person, role.next, &change, &secret);
	set = epoch_dealers(&change);
	epoch_ack_context(context, &w->g->chain_id, change.target, &set);
	MUST_OK(sr_key_derive(&shielding, &secret, "strongroom shielding v1", NULL, 0));
	sr_x25519_public(&xpk, &shielding);
	sr_point_base_mul(&key, &p->next_share);
	MUST_OK(shamir_pok_prove(&proof, &p->next_share, &key, context, sizeof(context), &w->drbg));
	sr_writer_init(&body, 256);
	sr_write_copy(&body, set.b, sizeof(set.b));
	shamir_proof_write(&body, &proof);
	sr_write_xpk(&body, &xpk);
	MUST_OK(sr_writer_finish(&body));
	error = roster_do(w, EPOCH_OP_ACK, &p->vote, body.p, body.n);
	sr_writer_clear(&body);
	return error;
}

void roster_ack_all(struct roster_world *w)
{
	struct epoch_change change;
	struct epoch_role role;

	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++) {
		MUST(epoch_change_get(&change, w->t));
		if (w->people[i].down ||
		    epoch_role(&role, w->t, w->now, &w->people[i].entry.id_key) != SR_OK ||
		    role.next == EPOCH_NOBODY || epoch_set_has(&change.acked, role.next) ||
		    !epoch_set_complete(&change, w->now))
			continue;
		MUST_OK(roster_ack(w, i));
	}
}

static void keys_advance(struct roster_world *w)
{
	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++) {
		struct roster_person *p = &w->people[i];
		uint32_t index = roster_index(w, i);
		bool was = epoch_record_id(w->before, &p->entry.id_key) != EPOCH_NOBODY;

		w->old_share[i] = p->share;
		if (index == EPOCH_NOBODY)
			continue;
		if (was)
			p->vote = p->next_vote;
		p->share = p->next_share;
		MUST_SAME(w->now->members[index].vote_key.b, p->vote.b + 32, 32);
	}
}

bool roster_close_block(struct roster_world *w)
{
	struct epoch_record *next;
	struct epoch_context ctx;

	if (!epoch_ready(w->t, w->now))
		return false;
	roster_block(w, 300);
	next = malloc(sizeof(*next));
	MUST(next != NULL);
	ctx = roster_ctx(w);
	MUST_OK(epoch_next(next, w->t, w->now));
	MUST_OK(epoch_close(&w->t, &ctx, next));
	*w->before = *w->now;
	*w->now = *next;
	free(next);
	keys_advance(w);
	return true;
}

bool roster_change_through(struct roster_world *w)
{
	struct epoch_change change;

	for (unsigned i = 0; i < 100 && !epoch_change_get(&change, w->t); i++)
		roster_block(w, 1000);
	if (!epoch_change_get(&change, w->t))
		return false;
	roster_deal_all(w);
	for (unsigned i = 0; i < 10 && epoch_change_get(&change, w->t) && !change.fixed; i++)
		roster_block(w, 1000);
	if (!epoch_change_get(&change, w->t))
		return false;
	roster_ack_all(w);
	return roster_close_block(w);
}

/* --------------------------------------------------------------------------------------- shares */

static bool makes_key(const struct roster_world *w, const struct shamir_index *at,
    const struct sr_scalar *shares, size_t n)
{
	struct sr_scalar x;
	struct sr_point key;

	MUST_OK(shamir_interpolate(&x, at, shares, n));
	sr_point_base_mul(&key, &x);
	return memcmp(key.b, w->now->vault_key, 32) == 0;
}

/* Some t of the n, beginning anywhere. */
static void shares_from(const struct roster_world *w, struct shamir_index *at,
    struct sr_scalar *shares, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++) {
		uint32_t index = roster_index(w, i);
		uint32_t k = index == EPOCH_NOBODY ? n : (index + w->now->n - first) % w->now->n;

		if (k >= n)
			continue;
		at[k] = (struct shamir_index){ index + 1 };
		shares[k] = w->people[i].share;
	}
}

void roster_shares_check(struct roster_world *w)
{
	struct shamir_index at[SR_MEMBERS_MAX];
	struct sr_scalar shares[SR_MEMBERS_MAX];
	struct sr_point key;
	uint32_t t = w->now->threshold;

	for (uint32_t i = 0; i < ROSTER_PEOPLE; i++) {
		if (roster_index(w, i) == EPOCH_NOBODY)
			continue;
		sr_point_base_mul(&key, &w->people[i].share);
		MUST_SAME(key.b, w->now->members[roster_index(w, i)].verify_key, 32);
	}
	for (uint32_t first = 0; first < w->now->n; first++) {
		shares_from(w, at, shares, first, t);
		MUST(makes_key(w, at, shares, t));
		MUST(!makes_key(w, at, shares, t - 1));
	}
	if (w->before->epoch == 0 || w->before->epoch + 1 != w->now->epoch)
		return;
	/* t-1 of the new with as many of the old as have other indices. */
	shares_from(w, at, shares, 0, t - 1);
	for (uint32_t i = 0, n = t - 1, old = 0; i < ROSTER_PEOPLE; i++) {
		uint32_t index = epoch_record_id(w->before, &w->people[i].entry.id_key);

		if (index == EPOCH_NOBODY || index < t - 1 || old >= w->before->threshold - 1)
			continue;
		at[n] = (struct shamir_index){ index + 1 };
		shares[n++] = w->old_share[i];
		old++;
		MUST(!makes_key(w, at, shares, n));
	}
}
