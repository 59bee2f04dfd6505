/* tests/fuzz/fuzz_vault.c - the replicated state machine under a program of signed operations: any
 * bodies by anyone in any order, with time between. Every operation is applied or refused, a
 * refusal leaves what it says it leaves, and the state always reads back. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

#define STEPS_MAX 24u
#define ATTESTED "attested(a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1)"

#define VERDICT 251u                     /* neither time nor, in seeds, an operation */

struct run {
	struct vault_world *w;
	struct vault_secret_id ids[4];
	struct sr_hash32 tickets[4], submissions[4];
};

/* Ids that nobody guesses: a byte stands for one of those that there are. */
static void id_fix(const struct run *run, struct vault_secret_id *id)
{
	*id = run->ids[id->b[0] % 4];
}

static void key_fix(struct run *run, struct vault_wrapped_key *key,
    const struct vault_secret_id *id, unsigned who, struct sr_bytes policy)
{
	if (key->tdh2[31] % 8 != 7)
		*key = world_key(run->w, id, who, policy);
}

/* The policy a secret has now: what a new key without a new policy must be made for. */
static struct sr_bytes policy_now(const struct run *run, const struct vault_secret_id *id)
{
	struct sr_bytes none = { NULL, 0 };
	return world_has(run->w, vault_key_secret(id)) ? world_secret(run->w, id).policy : none;
}

static void put_fix(struct run *run, struct vault_op_secret_put *put, enum vault_op_kind kind,
    unsigned who)
{
	if (kind == VAULT_OP_SECRET_PUT)
		put->id = vault_secret_id_derive(&run->w->block.chain_id, &run->w->who[who],
		    world_nonce(run->w, who));
	else
		id_fix(run, &put->id);
	key_fix(run, &put->key, &put->id, who,
	    put->policy.n > 0 ? put->policy : policy_now(run, &put->id));
}

static void account_fix(const struct run *run, struct vault_account *a)
{
	if (a->kind == VAULT_ACCOUNT_ED25519)
		*a = run->w->who[a->b[0] % WORLD_PEOPLE];
}

static void settings_fix(const struct run *run, struct vault_switch_settings *s)
{
	account_fix(run, &s->heartbeat);
	account_fix(run, &s->duress);
	account_fix(run, &s->vetoer);
	for (size_t i = 0; i < s->guardians_n; i++)
		account_fix(run, &s->guardians[i]);
	for (size_t i = 0; i < s->heirs_n; i++)
		account_fix(run, &s->heirs[i]);
}

static void delegate_fix(const struct run *run, struct vault_op_switch_delegate *d)
{
	account_fix(run, &d->to);
	if (d->add)
		d->until_ms += run->w->block.time_ms;
}

static void body_fix(struct run *run, union vault_op_body *b, enum vault_op_kind kind, unsigned who)
{
	struct vault_secret_id *id = NULL;
	if (kind == VAULT_OP_SECRET_PUT || kind == VAULT_OP_SECRET_UPDATE)
		put_fix(run, &b->secret_put, kind, who);
	else if (kind == VAULT_OP_SECRET_RESTORE)
		id = &b->secret_restore.id;
	else if (kind == VAULT_OP_SECRET_POLICY)
		id = &b->secret_policy.id;
	else if (kind == VAULT_OP_SECRET_DELETE)
		id = &b->secret_delete.id;
	else if (kind == VAULT_OP_RETRIEVE)
		id = &b->retrieve.id;
	else if (kind == VAULT_OP_TICKET_CLOSE)
		b->ticket_close.ticket = run->tickets[b->ticket_close.ticket.b[0] % 4];
	else if (kind == VAULT_OP_NFT_MINT)
		account_fix(run, &b->nft_mint.to);
	else if (kind == VAULT_OP_NFT_TRANSFER)
		account_fix(run, &b->nft_transfer.to);
	else if (kind == VAULT_OP_NFT_APPROVE)
		account_fix(run, &b->nft_approve.to);
	else if (kind == VAULT_OP_SWITCH_CREATE)
		settings_fix(run, &b->switch_create.settings);
	else if (kind == VAULT_OP_SWITCH_DELEGATE)
		delegate_fix(run, &b->switch_delegate);
	else if (kind == VAULT_OP_SWITCH_PAUSE && b->switch_pause.until_ms > 0)
		b->switch_pause.until_ms += run->w->block.time_ms;
	if (id != NULL)
		id_fix(run, id);
	if (kind == VAULT_OP_SECRET_RESTORE)
		key_fix(run, &b->secret_restore.key, id, who, policy_now(run, id));
	if (kind == VAULT_OP_SECRET_POLICY)
		key_fix(run, &b->secret_policy.key, id, who, b->secret_policy.policy);
}

static void remember(struct run *run, enum vault_op_kind kind, const union vault_op_body *b)
{
	if (kind == VAULT_OP_SECRET_PUT) {
		memmove(run->ids + 1, run->ids, 3 * sizeof(run->ids[0]));
		run->ids[0] = b->secret_put.id;
	} else if (kind == VAULT_OP_RETRIEVE) {
		memmove(run->tickets + 1, run->tickets, 3 * sizeof(run->tickets[0]));
		run->tickets[0] = run->w->op.hash;
	} else if (kind == VAULT_OP_ATTEST_SUBMIT) {
		memmove(run->submissions + 1, run->submissions, 3 * sizeof(run->submissions[0]));
		run->submissions[0] = run->w->op.hash;
	}
}

/* input: submission u8 | member u8 | epoch u8 | code u16 | facts length u16 (0xffff: good ones) |
 * facts. A refusal changes nothing; what is to do is always listed. */
static void verdict(struct run *run, struct sr_reader *r)
{
	const struct sr_hash32 *subject = &run->submissions[sr_read_u8(r) % 4];
	uint32_t member = sr_read_u8(r) % 6;
	struct vault_pending todo[4];
	struct sr_writer good = sample_facts();
	struct sr_hash32 before = world_root(run->w), after;
	enum sr_error error;
	uint16_t code, size;
	size_t n;
	run->w->block.epoch += sr_read_u8(r) == 7;
	code = sr_read_u16(r);
	size = sr_read_u16(r);
	uint8_t *p = fuzz_take(r, &n, size == UINT16_MAX ? 0 : size);
	struct sr_bytes facts = { p, n };
	if (size == UINT16_MAX)
		facts = (struct sr_bytes){ good.p, good.n };
	error = vault_attest_verdict(
	    &run->w->t, &run->w->block, subject, member, 4, 3, code, facts);
	after = world_root(run->w);
	FUZZ_CHECK(sr_hash32_equal(&before, &after) == (error != SR_OK));
	FUZZ_CHECK(error != SR_ERR_INTERNAL && error != SR_ERR_DAMAGED);
	FUZZ_CHECK(
	    vault_attest_pending(todo, &n, 4, run->w->t, run->w->block.epoch, member) == SR_OK);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(error != SR_OK || !sr_hash32_equal(&todo[i].id, subject));
	sr_writer_clear(&good);
	free(p);
}

/* input: kind u8 | who u8 | expiry u8 | body length u16 | body */
static void operation(struct run *run, struct sr_reader *r)
{
	union vault_op_body b;
	enum vault_op_kind kind = sample_kinds[sr_read_u8(r) % SAMPLE_KINDS_N];
	unsigned who = sr_read_u8(r) % WORLD_PEOPLE;
	uint64_t late = sr_read_u8(r);
	size_t n;
	uint8_t *bytes = fuzz_take(r, &n, sr_read_u16(r));
	if (vault_op_body_decode(&b, kind, (struct sr_bytes){ bytes, n }) == SR_OK) {
		body_fix(run, &b, kind, who);
		world_sign_as(run->w, who, kind, &b, world_nonce(run->w, who) + (late == 255),
		    run->w->block.time_ms + 60000 - (late == 254 ? 60000 : 0));
		struct vault_receipt receipt;
		struct sr_hash32 before = world_root(run->w), after;
		if (vault_op_check(&run->w->op, &run->w->block, run->w->bytes, run->w->bytes_n) ==
		    SR_OK) {
			/* Asking changes nothing. */
			FUZZ_CHECK(vault_admit(run->w->t, &receipt, &run->w->block, &run->w->op)
			    == SR_OK);
			after = world_root(run->w);
			FUZZ_CHECK(sr_hash32_equal(&before, &after));
		}
		if (world_apply(run->w) == SR_OK)
			remember(run, kind, &b);
	}
	free(bytes);
}

/* Some time passes, with ingress or without. */
static void time_passes(struct run *run, struct sr_reader *r)
{
	static const uint64_t steps[] = { 1, 300, 3000, 3001, 30000, 600000, 86400000, 2678400000 };
	uint8_t how = sr_read_u8(r);
	run->w->block.ingress_ok = how < 128;
	for (unsigned i = 0; i < 1u + (how >> 3 & 15); i++)
		world_block(run->w, steps[how % 8]);
	run->w->block.ingress_ok = true;
}

static bool read_back(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)ctx;
	/* Each value proves itself against the root. */
	FUZZ_CHECK(value.n > 0 && value.n <= VAULT_VALUE_MAX && key->b[0] != 0);
	return true;
}

/* input = (0: time u8 | else an operation)... */
void fuzz_vault(const uint8_t *p, size_t n)
{
	struct run run = { .w = NULL };
	struct vault_key first = { { 0 } };
	struct vault_ticket ticket;
	struct sr_reader r;
	sr_reader_init(&r, p, n);
	run.w = sample_world(run.ids, &run.tickets[0]);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++) {
		uint8_t what = sr_read_u8(&r);
		if (what % 4 == 0)
			time_passes(&run, &r);
		else if (what == VERDICT)
			verdict(&run, &r);
		else
			operation(&run, &r);
	}
	vault_tree_walk(run.w->t, &first, 0, read_back, NULL);
	for (size_t i = 0; i < 4; i++) {
		if (vault_ticket_find(&ticket, run.w->t, &run.tickets[i]) == SR_OK)
			(void)!vault_ticket_recheck(run.w->t, &ticket, run.w->block.time_ms);
	}
	world_free(run.w);
}

static void op_write(struct sr_writer *w, unsigned kind, uint8_t who, const union vault_op_body *b)
{
	struct sr_writer body;
	unsigned index = 0;
	while (sample_kinds[index] != (enum vault_op_kind)kind)
		index++;
	sr_writer_init(&body, SR_OP_MAX);
	vault_op_body_write(&body, (enum vault_op_kind)kind, b);
	FUZZ_CHECK(sr_writer_finish(&body) == SR_OK);
	sr_write_u8(w, 1);
	sr_write_u8(w, (uint8_t)index);
	sr_write_u8(w, who);
	sr_write_u8(w, 0);
	sr_write_u16(w, (uint16_t)body.n);
	sr_write_copy(w, body.p, body.n);
	sr_writer_clear(&body);
}

static void time_write(struct sr_writer *w, uint8_t how)
{
	sr_write_u8(w, 0);
	sr_write_u8(w, how);
}

/* More than once, and back again. */
static void seed_changes(void)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b;
	struct sr_writer w;
	sr_writer_init(&w, 65536);
	sample_body(&b, VAULT_OP_SWITCH_DELEGATE);
	for (uint8_t i = 0; i < 6; i++) {
		b.switch_delegate.to = (struct vault_account){ VAULT_ACCOUNT_ED25519, { i } };
		b.switch_delegate.until_ms = 100000;
		op_write(&w, VAULT_OP_SWITCH_DELEGATE, ALICE, &b);
	}
	b.switch_delegate.add = false;
	b.switch_delegate.until_ms = 0;
	for (uint8_t i = 1; i < 3; i++) {
		b.switch_delegate.to.b[0] = i;
		op_write(&w, VAULT_OP_SWITCH_DELEGATE, ALICE, &b);
	}
	sample_body(&b, VAULT_OP_SWITCH_PAUSE);
	op_write(&w, VAULT_OP_SWITCH_PAUSE, ALICE, &b);
	time_write(&w, 0x7a);
	b.switch_pause.until_ms = 0;
	op_write(&w, VAULT_OP_SWITCH_PAUSE, ALICE, &b);
	fuzz_seed("delegates", w.p, w.n);
	sr_writer_reset(&w);
	for (uint64_t version = 1; version < 4; version++) {
		sample_body(&b, VAULT_OP_SECRET_UPDATE);
		b.secret_put.version = version * 2 - 1;
		if (version > 1)
			b.secret_put.policy = world_policy(bytes, "holder(1)");
		op_write(&w, VAULT_OP_SECRET_UPDATE, ALICE, &b);
		sample_body(&b, VAULT_OP_SECRET_POLICY);
		b.secret_policy.version = version * 2;
		b.secret_policy.policy = world_policy(bytes, "holder(2) or after(5)");
		op_write(&w, VAULT_OP_SECRET_POLICY, ALICE, &b);
	}
	fuzz_seed("updates", w.p, w.n);
	sr_writer_clear(&w);
}

static void verdict_write(struct sr_writer *w, uint8_t member, uint8_t epoch, uint16_t code)
{
	sr_write_u8(w, VERDICT);
	sr_write_u8(w, 0);
	sr_write_u8(w, member);
	sr_write_u8(w, epoch);
	sr_write_u16(w, code);
	sr_write_u16(w, code == SR_OK ? UINT16_MAX : 0);
}

/* A machine is attested, or not, or too late; then its key is given a secret. */
static void seed_attested(uint16_t code, uint8_t again, uint8_t how)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b, open = { .retrieve = { .to = { { 0 } } } };
	struct sr_writer w;
	memset(open.retrieve.to.b, 7, sizeof(open.retrieve.to.b));
	sr_writer_init(&w, 65536);
	sample_body(&b, VAULT_OP_ATTEST_SUBMIT);
	op_write(&w, VAULT_OP_ATTEST_SUBMIT, BOB, &b);
	for (uint8_t i = 0; i < 3; i++)
		verdict_write(&w, i, i == 1 ? again : 0, code);
	verdict_write(&w, 0, 0, code);
	sample_body(&b, VAULT_OP_SECRET_PUT);
	b.secret_put.policy = world_policy(bytes, ATTESTED);
	b.secret_put.expiry_ms = 0;
	op_write(&w, VAULT_OP_SECRET_PUT, ALICE, &b);
	op_write(&w, VAULT_OP_RETRIEVE, CAROL, &open);
	time_write(&w, how);
	op_write(&w, VAULT_OP_RETRIEVE, CAROL, &open);
	fuzz_seed("attest", w.p, w.n);
	sr_writer_clear(&w);
}

/* Each kind once, on what the world holds. */
static void seed_kinds(void)
{
	for (unsigned i = 0; i < SAMPLE_KINDS_N; i++) {
		union vault_op_body b;
		struct sr_writer w;
		sample_body(&b, sample_kinds[i]);
		if (sample_kinds[i] == VAULT_OP_NFT_TRANSFER)
			b.nft_transfer.nft_version = 1;
		else if (sample_kinds[i] == VAULT_OP_NFT_BURN)
			b.nft_burn.nft_version = 1;
		else if (sample_kinds[i] == VAULT_OP_NFT_APPROVE)
			b.nft_approve.nft_version = 1;
		else if (sample_kinds[i] >= VAULT_OP_SECRET_UPDATE &&
		    sample_kinds[i] <= VAULT_OP_SECRET_DELETE)
			b.secret_put.version = 1;
		sr_writer_init(&w, 65536);
		op_write(&w, sample_kinds[i], ALICE, &b);
		time_write(&w, 9);
		op_write(&w, sample_kinds[i], ALICE, &b);
		op_write(&w, sample_kinds[i], BOB, &b);
		fuzz_seed(vault_op_kind_name(sample_kinds[i]), w.p, w.n);
		sr_writer_clear(&w);
	}
}

/* A switch that fires, is vetoed, confirmed, paused, frozen: an order of who does what after what
 * time. */
static void seed_switch(const uint8_t *steps, size_t n)
{
	union vault_op_body b = { .switch_ref = { 1 } };
	struct sr_writer w;
	sr_writer_init(&w, 65536);
	for (size_t i = 0; i < n; i += 2) {
		if (steps[i] == 0)
			time_write(&w, steps[i + 1]);
		else
			op_write(&w, steps[i], steps[i + 1], &b);
	}
	b.retrieve = (struct vault_op_retrieve){ .to = { { 7 } } };
	op_write(&w, VAULT_OP_RETRIEVE, BOB, &b);
	fuzz_seed("switch", w.p, w.n);
	sr_writer_clear(&w);
}

/* A secret under this policy, then time, then everybody tries to open it. */
static void seed_policy_of(const char *text, uint8_t how)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b, open = { .retrieve = { .to = { { 7 } } } };
	struct sr_writer w;
	sample_body(&b, VAULT_OP_SECRET_PUT);
	b.secret_put.policy = world_policy(bytes, text);
	b.secret_put.expiry_ms = 0;
	sr_writer_init(&w, 65536);
	op_write(&w, VAULT_OP_SECRET_PUT, ALICE, &b);
	for (uint8_t who = ALICE; who <= CAROL; who++) {
		op_write(&w, VAULT_OP_RETRIEVE, who, &open);
		time_write(&w, how);
		open.retrieve.nft_id = 1u + who % 2u;
		open.retrieve.nft_version = 1;
		op_write(&w, VAULT_OP_RETRIEVE, who, &open);
	}
	fuzz_seed("policy", w.p, w.n);
	sr_writer_clear(&w);
}

static void seed_policies(void)
{
	static const char *const texts[] = { "holder(1)", "not holder(2)", "heir(1)",
		"switch(1, armed)", "switch(1, warn)", "switch(1, pending)", "switch(1, fired)",
		"switch(1, fired, 1)", "switch(1, paused)", "switch(1, cancelled)",
		"switch(9, armed)",
		"not switch(1, fired)", "after(2030-01-01)", "before(2020-01-01)",
		"not after(2020-01-01)", "held_for(1s) and holder(1)", "held_for(30d)",
		"not held_for(1s) or holder(9)", "holder(1) and holder(2)", ATTESTED,
		("not " ATTESTED),
		"2 of (holder(1), holder(2), before(2030-01-01), switch(1, armed))" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		seed_policy_of(texts[i], 1);
		seed_policy_of(texts[i], 0x7a);
	}
}

void seed_vault(void)
{
	for (uint8_t how = 0; how < 8; how++)
		seed_attested(how % 3 == 0 ? SR_ERR_CHAIN_BAD : SR_OK, how % 4 == 3 ? 7 : 0, how);
	seed_policies();
	seed_changes();
	/* 0xfa: 16 blocks of 3 s with ingress is 0x7a; 0xfa has none */
	static const uint8_t fires[] = { 0, 0x7a, 0, 0x7a, 0, 0x7a, VAULT_OP_SWITCH_CONFIRM, CAROL,
		0, 0x7a, 0, 0x7a, VAULT_OP_SWITCH_CONFIRM, CAROL, 0, 0x7a };
	static const uint8_t vetoed[] = { 0, 0x7a, 0, 0x7a, 0, 0x7a, VAULT_OP_SWITCH_VETO, ALICE, 0,
		0x7a };
	static const uint8_t beats[] = { 0, 0x7a, VAULT_OP_SWITCH_HEARTBEAT, ALICE, 0, 0x7a,
		VAULT_OP_SWITCH_DURESS, HEIDI, 0, 0x7a, VAULT_OP_SWITCH_CANCEL, ALICE };
	static const uint8_t outage[] = { 0, 0xfa, 0, 0xfd, 0, 0x7a, 0, 0x04, 0, 0x7a, 0, 0x07,
		VAULT_OP_SWITCH_HEARTBEAT, ALICE, 0, 0x06 };
	seed_kinds();
	seed_switch(fires, sizeof(fires));
	seed_switch(vetoed, sizeof(vetoed));
	seed_switch(beats, sizeof(beats));
	seed_switch(outage, sizeof(outage));
}
