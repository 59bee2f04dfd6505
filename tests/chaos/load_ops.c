/* What the people of `make chaos` do; each function is one operation with its history lines. */
#include "tests/chaos/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/payload.h"
#include "cli/retrieve.h"

#define VALUE_MAX 400000u

/* --- values: a number, and bytes that follow from it --- */

static size_t value_bytes(uint64_t id)
{
	/* One in eight is too large for an operation and goes to the members in pieces. */
	return id % 8 == 0 ? 70000 + (size_t)(id >> 8) % 300000 : 16 + (size_t)(id >> 8) % 20000;
}

static void value_fill(uint8_t *out, size_t n, uint64_t id)
{
	uint64_t z = id;

	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0 && i > 0)
			z = z * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(z >> (8 * (i % 8)));
	}
}

static bool value_write(const char *path, uint64_t id)
{
	size_t n = value_bytes(id);
	uint8_t *bytes = malloc(n);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = bytes != NULL && fd >= 0;

	if (good) {
		value_fill(bytes, n, id);
		good = write(fd, bytes, n) == (ssize_t)n;
	}
	if (fd >= 0)
		close(fd);
	free(bytes);
	return good;
}

/* "0123456789abcdef", or "wrong" when a byte is not as it was stored. */
static void value_read(char out[17], const char *path)
{
	uint8_t *have = malloc(VALUE_MAX), *want = malloc(VALUE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = have != NULL && want != NULL && fd >= 0 ? read(fd, have, VALUE_MAX) : 0;
	uint64_t id = 0;

	snprintf(out, 17, "wrong");
	for (unsigned i = 0; i < 8 && n >= 16; i++)
		id |= (uint64_t)have[i] << (8 * i);
	if (n >= 16 && (size_t)n == value_bytes(id)) {
		value_fill(want, (size_t)n, id);
		if (memcmp(have, want, (size_t)n) == 0)
			snprintf(out, 17, "%016" PRIx64, id);
	}
	if (fd >= 0)
		close(fd);
	free(have);
	free(want);
}

/* --- acting --- */

/* A refusal is a quorum's (cli/act.c): it did not happen and will not. */
static const char *outcome(enum sr_error error, const struct client_act *act)
{
	if (error != SR_OK)
		return "unknown";
	return act->receipt.code == SR_OK ? "ok" : "fail";
}

static const char *why(enum sr_error error, const struct client_act *act)
{
	return sr_error_name(error != SR_OK ? (unsigned)error : act->receipt.code);
}

struct wrap_plan {
	const struct key *key;
	struct sr_key32 dek;
	struct sr_hash32 policy_hash;
	bool derive;
};

/* PUT and UPDATE: the label depends on the nonce (by the id) and the key on the epoch. */
static enum sr_error wrap(void *ctx, struct client *c, union vault_op_body *body, uint64_t nonce)
{
	struct wrap_plan *p = ctx;
	struct vault_op_secret_put *put = &body->secret_put;
	struct sr_hash32 label;

	if (p->derive)
		put->id = vault_secret_id_derive(
		    &c->genesis->chain_id, &p->key->account, nonce);
	label = vault_label(&c->genesis->chain_id, &put->id, &p->key->account, &p->policy_hash);
	return crypt_wrap(&put->key, &p->dek, c->epoch->vault_key, &label, &p->key->box_public,
	    &c->drbg);
}

/* Stores w->path's bytes as body says. history: the id to end with ok, fail or unknown. */
static const char *put(struct worker *w, const struct key *key, union vault_op_body *body,
    struct sr_bytes policy, bool update, enum sr_error *error, struct client_act *act)
{
	struct wrap_plan plan = { .key = key, .policy_hash = vault_policy_hash(policy),
		.derive = !update };
	uint8_t *buffer = malloc(PAYLOAD_INLINE_BUFFER);
	struct payload_source *source = NULL;
	const char *said = "fail";

	*act = (struct client_act){ .kind = update ? VAULT_OP_SECRET_UPDATE : VAULT_OP_SECRET_PUT,
		.body = body, .fill = wrap, .ctx = &plan };
	*error = SR_ERR_BLOB_MISSING;
	if (buffer != NULL && sr_random_system(plan.dek.b, sizeof plan.dek.b) == SR_OK
	    && payload_source_open(&w->cli, w->path, &source) == CLI_DONE
	    && payload_store(w->c, source, &plan.dek, &body->secret_put.payload, buffer)
		== CLI_DONE) {
		*error = client_act(w->c, key, act);
		said = outcome(*error, act);
	}
	payload_source_close(source);
	free(buffer);
	sr_key32_wipe(&plan.dek);
	return said;
}

static bool ended_ok(const char *said)
{
	return strcmp(said, "ok") == 0;
}

static uint64_t value_new(struct worker *w)
{
	uint64_t id = load_draw(w, UINT64_MAX) | 1u << 8;

	return value_write(w->path, id) ? id : 0;
}

/* --- objects --- */

static bool mint(struct worker *w, unsigned object, const struct key *owner)
{
	struct object *o = &w->shared->objects[object];
	struct key *holder = load_key(w, object, ROLE_HOLDER);
	union vault_op_body body = { .nft_mint = { .to = holder->account,
					 .name = { (const uint8_t *)"chaos", 5 } } };
	struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
	uint64_t id = load_invoke(w, "write n%u 0 h%u", object, (unsigned)ROLE_HOLDER);
	enum sr_error error = client_act(w->c, owner, &act);
	const char *said = outcome(error, &act);

	load_end(w, id, "%s 1 %s", said, why(error, &act));
	o->nft = act.receipt.id;
	key_free(holder);
	return ended_ok(said);
}

static bool secret_put(struct worker *w, const char *kind, unsigned number, const struct key *owner,
    const char *policy_text, struct vault_secret_id *out)
{
	union vault_op_body body;
	struct sr_writer policy;
	struct client_act act;
	enum sr_error error;
	const char *said = "fail";
	char name[SR_NAME_MAX];
	uint64_t value = value_new(w), id;

	memset(&body, 0, sizeof body);
	snprintf(name, sizeof name, "%s%u", kind, number);
	sr_writer_init(&policy, VAULT_POLICY_BYTES_MAX);
	if (value != 0 && cli_policy(&w->cli, &policy, policy_text)) {
		body.secret_put.name = (struct sr_bytes){ (const uint8_t *)name, strlen(name) };
		body.secret_put.policy = (struct sr_bytes){ policy.p, policy.n };
		id = load_invoke(w, "write %s%u 0 %016" PRIx64, kind, number, value);
		said = put(w, owner, &body, body.secret_put.policy, false, &error, &act);
		load_end(w, id, "%s 1 %s", said, why(error, &act));
		*out = body.secret_put.id;
	}
	sr_writer_clear(&policy);
	return ended_ok(said);
}

void ops_object_new(struct worker *w)
{
	unsigned object = w->shared->objects_n++;
	struct object *o = &w->shared->objects[object % OBJECTS_MAX];
	struct key *owner;
	char policy[64];

	if (object >= OBJECTS_MAX) {
		w->shared->objects_n = OBJECTS_MAX;
		return;
	}
	owner = load_key(w, object, ROLE_OWNER);
	load_begin(w);
	if (mint(w, object, owner)) {
		o->stage = STAGE_HALF;
		snprintf(policy, sizeof policy, "holder(%" PRIu64 ")", o->nft);
		load_begin(w);
		if (secret_put(w, "s", object, owner, policy, &o->secret))
			o->stage = STAGE_READY;
	}
	key_free(owner);
}

void ops_update(struct worker *w, unsigned object)
{
	struct object *o = &w->shared->objects[object];
	struct key *owner = load_key(w, object, ROLE_OWNER);
	struct vault_secret secret;
	struct looked bytes = { 0 };
	union vault_op_body body;
	struct client_act act;
	enum sr_error error;
	const char *said;
	uint64_t value, id;

	memset(&body, 0, sizeof body);
	load_begin(w);
	if (lookup_secret(w->c, owner, &o->secret, &secret, &bytes) == SR_OK
	    && (value = value_new(w)) != 0) {
		body.secret_put.id = o->secret;
		body.secret_put.version = secret.version;
		id = load_invoke(
		    w, "write s%u %" PRIu64 " %016" PRIx64, object, secret.version, value);
		said = put(w, owner, &body, secret.policy, true, &error, &act);
		load_end(w, id, "%s %" PRIu64 " %s", said, secret.version + 1, why(error, &act));
	}
	looked_free(&bytes);
	key_free(owner);
}

/* Which of the object's accounts this is; 0: none. */
static unsigned role_of(struct worker *w, unsigned object, const struct vault_account *account)
{
	unsigned found = 0;

	for (unsigned role = ROLE_HOLDER; role < ROLE_HOLDER + HOLDERS && found == 0; role++) {
		struct key *key = load_key(w, object, (enum role)role);

		found = vault_account_equal(&key->account, account) ? role : 0;
		key_free(key);
	}
	return found;
}

static unsigned holder_find(struct worker *w, unsigned object, uint64_t *version)
{
	struct vault_nft nft;
	struct looked bytes;
	unsigned role;

	if (lookup_nft(w->c, NULL, w->shared->objects[object].nft, &nft, &bytes) != SR_OK)
		return 0;
	role = role_of(w, object, &nft.owner);
	*version = nft.version;
	looked_free(&bytes);
	return role;
}

void ops_transfer(struct worker *w, unsigned object)
{
	uint64_t version = 0, id;
	unsigned from, to;
	struct key *key, *next;
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_NFT_TRANSFER, .body = &body };
	enum sr_error error;
	const char *said;

	load_begin(w);
	from = holder_find(w, object, &version);
	if (from == 0)
		return;
	to = ROLE_HOLDER + (from - ROLE_HOLDER + 1 + (unsigned)load_draw(w, HOLDERS - 1)) % HOLDERS;
	key = load_key(w, object, (enum role)from);
	next = load_key(w, object, (enum role)to);
	body.nft_transfer = (struct vault_op_nft_transfer){ w->shared->objects[object].nft,
		version, next->account };
	id = load_invoke(w, "write n%u %" PRIu64 " h%u", object, version, to);
	error = client_act(w->c, key, &act);
	said = outcome(error, &act);
	load_end(w, id, "%s %" PRIu64 " %s", said, version + 1, why(error, &act));
	key_free(key);
	key_free(next);
}

/* Ticket, shares, DEK, bytes. The NFT's version is the ticket's. */
static bool open_secret(struct worker *w, const struct key *key, const struct vault_secret_id *id,
    uint64_t nft, char value[17], uint64_t *version, uint64_t *nft_version)
{
	struct retrieval r = { .id = *id, .nft_id = nft };
	struct vault_ticket ticket;
	struct looked bytes;
	uint64_t n;
	bool good = retrieve_run(w->c, key, &r) == CLI_DONE;

	if (good)
		good = payload_fetch(w->c, &r.record.payload, &r.dek, w->path, &n) == CLI_DONE;
	if (good)
		good = lookup_ticket(w->c, key, &r.ticket, &ticket, &bytes) == SR_OK;
	if (good) {
		value_read(value, w->path);
		*version = r.record.version;
		*nft_version = ticket.nft_version;
		looked_free(&bytes);
	}
	retrieve_close(w->c, key, &r);
	retrieve_clear(&r);
	return good;
}

/* A holder reads: what comes out tells the secret's newest version and who held the NFT. */
void ops_open(struct worker *w, unsigned object)
{
	struct object *o = &w->shared->objects[object];
	uint64_t version = 0, nft_version = 0, secret_id, nft_id;
	unsigned role;
	struct key *key;
	char value[17];
	bool good;

	load_begin(w);
	role = holder_find(w, object, &version);
	/* Now and then one who does not hold it any more, or not yet. */
	if (role == 0 || load_draw(w, 8) == 0)
		role = ROLE_HOLDER + (unsigned)load_draw(w, HOLDERS);
	key = load_key(w, object, (enum role)role);
	secret_id = load_invoke(w, "read s%u", object);
	nft_id = load_invoke(w, "read n%u", object);
	good = open_secret(w, key, &o->secret, o->nft, value, &version, &nft_version);
	if (good) {
		load_end(w, secret_id, "ok %" PRIu64 " %s", version, value);
		load_end(w, nft_id, "ok %" PRIu64 " h%u", nft_version, role);
	} else {
		load_end(w, secret_id, "fail");
		load_end(w, nft_id, "fail");
	}
	key_free(key);
}

void ops_steal(struct worker *w, unsigned object)
{
	struct object *o = &w->shared->objects[object];
	struct key *key = load_key(w, object, ROLE_STRANGER);
	uint64_t version, nft_version, id;
	char value[17];
	bool good;

	load_begin(w);
	id = load_invoke(w, "steal s%u", object);
	good = open_secret(w, key, &o->secret, load_draw(w, 2) == 0 ? o->nft : 0, value, &version,
	    &nft_version);
	load_end(w, id, good ? "ok" : "fail");
	key_free(key);
}

/* --- looking: records as single members have them --- */

static void first_ask(struct worker *w, uint32_t member)
{
	while (w->c->order[0] != member)
		client_rotate(w->c);
}

/* Of this member itself: client_get goes on to the next one when it does not answer. */
static bool nft_at(struct worker *w, unsigned object, uint32_t member, uint64_t *version,
    unsigned *role)
{
	load_begin(w);
	first_ask(w, member);
	*role = holder_find(w, object, version);
	return *role != 0 && w->c->order[0] == member;
}

void ops_look(struct worker *w, unsigned object)
{
	uint64_t best = 0, version, id = load_invoke(w, "look n%u", object);
	unsigned answers = 0, best_role = 0, role;

	w->timeout_ms /= 4;
	for (uint32_t i = 0; i < w->c->epoch->n; i++) {
		if (!nft_at(w, object, i, &version, &role))
			continue;
		answers++;
		if (version > best) {
			best = version;
			best_role = role;
		}
	}
	w->timeout_ms *= 4;
	if (answers >= consensus_quorum(w->c->epoch->n))
		load_end(w, id, "ok %" PRIu64 " h%u", best, best_role);
	else
		load_end(w, id, "fail");
}

/* The owner's own copy of the key: what this member's record really decrypts to. */
static bool secret_at(struct worker *w, const struct key *owner, const struct vault_secret_id *id,
    uint32_t member, uint64_t *version_number, char value[17])
{
	struct vault_version version;
	struct looked bytes;
	struct sr_hash32 label;
	SR_KEY32_AUTO dek;
	uint64_t n;
	bool good;

	load_begin(w);
	first_ask(w, member);
	if (lookup_version(w->c, owner, id, 0, &version, &bytes) != SR_OK)
		return false;
	label = vault_label(
	    &w->c->genesis->chain_id, &version.id, &owner->account, &version.policy_hash);
	good = w->c->order[0] == member;
	*version_number = version.version;
	snprintf(value, 17, "wrong");
	if (crypt_unwrap_owner(&dek, &version.key, &label, &owner->box) == SR_OK
	    && payload_fetch(w->c, &version.payload, &dek, w->path, &n) == CLI_DONE)
		value_read(value, w->path);
	looked_free(&bytes);
	return good;
}

static bool final_secret(struct worker *w, const char *kind, unsigned number,
    const struct key *owner, const struct vault_secret_id *secret, uint32_t member)
{
	uint64_t version, id = load_invoke(w, "final %s%u %u", kind, number, member);
	char value[17];
	bool good = secret_at(w, owner, secret, member, &version, value);

	if (good)
		load_end(w, id, "ok %" PRIu64 " %s", version, value);
	else
		load_end(w, id, "fail");
	return good;
}

bool ops_final_object(struct worker *w, unsigned object, uint32_t member)
{
	struct object *o = &w->shared->objects[object];
	struct key *owner = load_key(w, object, ROLE_OWNER);
	uint64_t version, id;
	unsigned role;
	bool secret = true, nft;

	if (o->stage != STAGE_HALF)
		secret = final_secret(w, "s", object, owner, &o->secret, member);
	id = load_invoke(w, "final n%u %u", object, member);
	nft = nft_at(w, object, member, &version, &role);
	if (nft)
		load_end(w, id, "ok %" PRIu64 " h%u", version, role);
	else
		load_end(w, id, "fail");
	key_free(owner);
	return secret && nft;
}

/* --- switches --- */

void ops_switch_new(struct worker *w, uint64_t now_ms)
{
	unsigned number = w->shared->switches_n++;
	struct dms *d = &w->shared->switches[number % SWITCHES_MAX];
	struct key *owner, *heir;
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_SWITCH_CREATE, .body = &body };
	enum sr_error error;
	const char *said;
	char policy[256], account[VAULT_ACCOUNT_TEXT_MAX];
	uint64_t id;

	if (number >= SWITCHES_MAX) {
		w->shared->switches_n = SWITCHES_MAX;
		return;
	}
	owner = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_OWNER);
	heir = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_HEIR);
	d->interval_ms = 6000 + load_draw(w, 6000);
	d->grace_ms = 3000 + load_draw(w, 3000);
	/* One in three is kept alive for longer than most faults last. */
	d->silent_from_ms = now_ms + 5000 + load_draw(w, load_draw(w, 3) == 0 ? 180000 : 30000);
	memset(&body, 0, sizeof body);
	body.switch_create.name = (struct sr_bytes){ (const uint8_t *)"chaos", 5 };
	body.switch_create.settings.interval_ms = d->interval_ms;
	body.switch_create.settings.grace_ms = d->grace_ms;
	load_begin(w);
	id = load_invoke(
	    w, "create w%u %" PRIu64 " %" PRIu64, number, d->interval_ms, d->grace_ms);
	error = client_act(w->c, owner, &act);
	said = outcome(error, &act);
	load_end(w, id, "%s %s", said, why(error, &act));
	d->id = act.receipt.id;
	vault_account_text(account, &heir->account);
	snprintf(policy, sizeof policy, "switch(%" PRIu64 ", fired) and account(%s)", d->id,
	    account);
	if (ended_ok(said)) {
		d->stage = STAGE_HALF;
		load_begin(w);
		if (secret_put(w, "x", number, owner, policy, &d->secret))
			d->stage = STAGE_READY;
	}
	key_free(owner);
	key_free(heir);
}

void ops_beat(struct worker *w, unsigned number)
{
	struct key *owner = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_OWNER);
	union vault_op_body body;
	struct client_act act = { .kind = VAULT_OP_SWITCH_HEARTBEAT, .body = &body };
	enum sr_error error;
	uint64_t id;

	memset(&body, 0, sizeof body);
	body.switch_ref.switch_id = w->shared->switches[number].id;
	load_begin(w);
	id = load_invoke(w, "beat w%u", number);
	error = client_act(w->c, owner, &act);
	load_end(w, id, "%s %s", outcome(error, &act), why(error, &act));
	key_free(owner);
}

static bool switch_at(struct worker *w, unsigned number, uint32_t member, struct vault_switch *out)
{
	struct key *owner = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_OWNER);
	struct looked bytes;
	bool good;

	load_begin(w);
	first_ask(w, member);
	good = lookup_switch(w->c, owner, w->shared->switches[number].id, out, &bytes) == SR_OK;
	if (good)
		looked_free(&bytes);
	key_free(owner);
	return good && w->c->order[0] == member;
}

static bool newer(const struct vault_switch *a, const struct vault_switch *b)
{
	return a->heartbeat_ms != b->heartbeat_ms ? a->heartbeat_ms > b->heartbeat_ms
						  : a->state > b->state;
}

static void switch_end(struct worker *w, uint64_t id, const struct vault_switch *s)
{
	load_end(w, id, "ok %s %" PRIu64 " %" PRIu64, vault_switch_state_name(s->state),
	    s->heartbeat_ms, s->fired_ms);
}

void ops_watch(struct worker *w, unsigned number)
{
	struct vault_switch best = { .id = 0 }, one;
	unsigned answers = 0;
	uint64_t id = load_invoke(w, "watch w%u", number);

	w->timeout_ms /= 4;
	for (uint32_t i = 0; i < w->c->epoch->n; i++) {
		if (!switch_at(w, number, i, &one))
			continue;
		if (answers++ == 0 || newer(&one, &best))
			best = one;
	}
	w->timeout_ms *= 4;
	if (answers < consensus_quorum(w->c->epoch->n)) {
		load_end(w, id, "fail");
		return;
	}
	switch_end(w, id, &best);
	if (best.state == VAULT_SWITCH_FIRED)
		w->shared->switches[number].seen_fired = 1;
}

void ops_inherit(struct worker *w, unsigned number)
{
	struct dms *d = &w->shared->switches[number];
	struct key *heir = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_HEIR);
	uint64_t version, nft_version, id;
	char value[17];

	load_begin(w);
	id = load_invoke(w, "inherit w%u", number);
	if (open_secret(w, heir, &d->secret, 0, value, &version, &nft_version))
		load_end(w, id, "ok %s", value);
	else
		load_end(w, id, "fail");
	key_free(heir);
}

/* How often it fired, by the member's audit. */
static bool fired_count(struct worker *w, unsigned number, uint32_t member, unsigned *count)
{
	struct key *owner = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_OWNER);
	uint64_t after = 0;
	bool more = true, good = true;

	*count = 0;
	while (more && good) {
		struct sr_writer params;
		struct sr_reader r;
		uint8_t *answer = NULL, subject[16] = { 0 };
		size_t n = 0;
		uint32_t events;

		for (unsigned i = 0; i < 8; i++)
			subject[i] = (uint8_t)(w->shared->switches[number].id >> (8 * i));
		sr_writer_init(&params, 64);
		sr_write_u8(&params, VAULT_SUBJECT_SWITCH);
		sr_write_copy(&params, subject, sizeof subject);
		sr_write_u64(&params, after);
		load_begin(w);
		first_ask(w, member);
		good = sr_writer_finish(&params) == SR_OK
		    && client_get(w->c, owner, VAULT_GET_EVENTS,
			   (struct sr_bytes){ params.p, params.n }, &answer, &n)
			== SR_OK
		    && w->c->order[0] == member;
		sr_writer_clear(&params);
		sr_reader_init(&r, answer, good ? n : 0);
		events = sr_read_u32(&r);
		more = sr_read_bool(&r) && events > 0;
		for (uint32_t i = 0; i < events && good && r.error == SR_OK; i++) {
			struct sr_bytes record = sr_read_blob(&r, CLIENT_ANSWER_MAX);
			struct vault_event event;
			struct sr_reader inner;

			sr_reader_init(&inner, record.p, record.n);
			vault_event_read(&event, &inner);
			good = sr_reader_finish(&inner) == SR_OK;
			after = event.seq;
			*count += good && event.kind == VAULT_EVENT_FIRED;
		}
		good = good && r.error == SR_OK;
		client_answer_free(answer, n);
	}
	key_free(owner);
	return good;
}

bool ops_final_switch(struct worker *w, unsigned number, uint32_t member)
{
	struct dms *d = &w->shared->switches[number];
	struct key *owner = load_key(w, LOAD_SWITCH_SUBJECT + number, ROLE_OWNER);
	struct vault_switch s;
	uint64_t id = load_invoke(w, "final w%u %u", number, member);
	unsigned count = 0;
	bool seen = switch_at(w, number, member, &s), secret = true;

	seen = seen && fired_count(w, number, member, &count);
	if (seen)
		load_end(w, id, "ok %s %" PRIu64 " %" PRIu64 " %u",
		    vault_switch_state_name(s.state), s.heartbeat_ms, s.fired_ms, count);
	else
		load_end(w, id, "fail");
	if (d->stage != STAGE_HALF)
		secret = final_secret(w, "x", number, owner, &d->secret, member);
	key_free(owner);
	return seen && secret;
}

/* --- after a heal --- */

bool ops_probe(struct worker *w, uint64_t nonce)
{
	struct key *key = load_key(w, LOAD_SWITCH_SUBJECT * 2 + (unsigned)(nonce % 100000),
	    ROLE_OWNER);
	union vault_op_body body = { .nft_mint = { .to = key->account,
					 .name = { (const uint8_t *)"probe", 5 } } };
	struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
	enum sr_error error = client_act(w->c, key, &act);

	key_free(key);
	return error == SR_OK && act.receipt.code == SR_OK;
}
