/* Sealed requests to members, and what is believed of their answers. */
#include "cli/client.h"

#include <stdlib.h>
#include <string.h>

#include "cli/rpc.h"

/* --- sealed requests --- */

struct sealed {
	struct sr_key32 answer_secret;
	struct sr_xpk answer_key;
	struct sr_hash32 hash;
	struct sr_writer bytes;
};

static enum sr_error sealed_start(struct client *self, struct sealed *s)
{
	memset(s, 0, sizeof *s);
	sr_writer_init(&s->bytes, CLIENT_REQUEST_MAX);
	SR_TRY(sr_drbg_fill(&self->drbg, s->answer_secret.b, sizeof s->answer_secret.b));
	sr_x25519_public(&s->answer_key, &s->answer_secret);
	return SR_OK;
}

static enum sr_error sealed_make(struct client *self, struct sealed *s, enum client_method method,
    const uint8_t *payload, size_t n)
{
	SR_KEY32_AUTO ephemeral;

	SR_TRY(sr_drbg_fill(&self->drbg, ephemeral.b, sizeof ephemeral.b));
	SR_TRY(client_request_seal(&s->bytes, &s->hash, method, &self->genesis->chain_id,
	    self->epoch->epoch, &self->epoch->shielding_key, &ephemeral, &s->answer_key, payload,
	    n));
	return sr_writer_finish(&s->bytes);
}

static void sealed_clear(struct sealed *s)
{
	sr_writer_clear(&s->bytes);
	sr_key32_wipe(&s->answer_secret);
}

/* Opens and checks who signed. SR_OK: *code is what the member says. */
static enum sr_error sealed_open(struct client *self, const struct sealed *s,
    const struct rpc_call *call, enum sr_error *code, uint8_t **answer, size_t *answer_n)
{
	uint32_t member;

	if (call->error != SR_OK)
		return call->error;
	SR_TRY(client_answer_open(code, &member, answer, answer_n, &s->answer_secret, &s->hash,
	    self->keys, self->epoch->n, call->answer, call->answer_n));
	if (member != call->member) {
		client_answer_free(*answer, *answer_n);
		*answer = NULL;
		return SR_ERR_BINDING;
	}
	return SR_OK;
}

void client_answer_free(uint8_t *answer, size_t n)
{
	if (answer != NULL)
		sr_wipe(answer, n);
	free(answer);
}

/* Not the last word: another member, or the same one a little later, may say otherwise. */
bool client_passing(enum sr_error code)
{
	switch ((int)code) {
	case SR_ERR_NOT_READY: case SR_ERR_RECOVERING: case SR_ERR_TOO_MANY: case SR_ERR_TIMED_OUT:
	case SR_ERR_NOT_FINAL: case SR_ERR_ECLIPSED: case SR_ERR_DISK_FULL: case SR_ERR_POOL_FULL:
	case SR_ERR_NOT_REACHED: case SR_ERR_CANCELLED: case SR_ERR_INTERNAL: case SR_ERR_IO:
	case SR_ERR_NO_MEMORY: case SR_ERR_STALE: case SR_ERR_SESSION_UNKNOWN:
		return true;
	default:
		return false;
	}
}

static uint64_t attempt_ms(const struct client *self, uint64_t most)
{
	uint64_t left = cli_left_ms(self->cli);

	return left == 0 ? 1 : left < most ? left : most;
}

/* One sealed request to one member. */
static enum sr_error sealed_ask(struct client *self, struct sealed *s, enum client_method method,
    uint32_t member, uint64_t timeout_ms, enum sr_error *code, uint8_t **answer, size_t *answer_n)
{
	struct rpc_call call = { .method = method, .payload = { s->bytes.p, s->bytes.n },
		.timeout_ms = timeout_ms, .answer_max = CLIENT_BYTES_MAX };
	struct rpc_call *calls[] = { &call };
	enum sr_error error;

	*answer = NULL;
	*answer_n = 0;
	client_to_member(self, &call, member);
	rpc_run(self->http, calls, 1, NULL, NULL);
	error = sealed_open(self, s, &call, code, answer, answer_n);
	rpc_clear(&call);
	if (error != SR_OK || client_passing(*code))
		client_trouble(self, member, error != SR_OK ? error : *code);
	return error;
}

/* --- one request, any method --- */

enum sr_error client_ask(struct client *self, enum client_method method, uint32_t member,
    struct sr_bytes payload, uint64_t timeout_ms, enum sr_error *code, uint8_t **answer,
    size_t *answer_n)
{
	struct sealed s;
	enum sr_error error = sealed_start(self, &s);

	*answer = NULL;
	*answer_n = 0;
	if (error == SR_OK)
		error = sealed_make(self, &s, method, payload.p, payload.n);
	if (error == SR_OK)
		error = sealed_ask(self, &s, method, member, timeout_ms, code, answer, answer_n);
	sealed_clear(&s);
	return error;
}

/* --- the same request to all --- */

struct asking {
	struct client *client;
	struct sealed *sealed;
	struct rpc_call *calls;
	uint32_t n;
	client_taker *take;
	void *ctx;
};

/* One more is asked instead of one that gave nothing. */
static void let_one_go(struct asking *a)
{
	uint32_t i = 0;

	while (i < a->n && a->calls[i].hold_ms == 0)
		i++;
	if (i < a->n)
		a->calls[i].hold_ms = 0;
}

static bool asked_one(void *ctx, struct rpc_call *call)
{
	struct asking *a = ctx;
	enum sr_error code = SR_OK, error;
	uint8_t *answer = NULL;
	size_t n = 0;
	bool enough;

	error = sealed_open(a->client, &a->sealed[call - a->calls], call, &code, &answer, &n);
	if (error != SR_OK || client_passing(code))
		client_trouble(a->client, call->member, error != SR_OK ? error : code);
	if (error != SR_OK || code != SR_OK)
		let_one_go(a);
	enough = a->take(a->ctx, call->member, error, code, answer, n);
	client_answer_free(answer, n);
	return enough;
}

enum sr_error client_ask_few(struct client *self, enum client_method method,
    struct sr_bytes payload, const bool *skip, uint32_t few, client_taker *take, void *ctx)
{
	uint32_t n = self->epoch->n, count = 0;
	struct asking a = { .client = self, .take = take, .ctx = ctx };
	struct rpc_call *list[SR_MEMBERS_MAX];
	enum sr_error error = SR_OK;

	a.sealed = calloc(n, sizeof *a.sealed);
	a.calls = calloc(n, sizeof *a.calls);
	if (a.sealed == NULL || a.calls == NULL)
		error = SR_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n && error == SR_OK; i++) {
		if (skip != NULL && skip[self->order[i]])
			continue;
		error = sealed_start(self, &a.sealed[count]);
		if (error == SR_OK)
			error = sealed_make(self, &a.sealed[count], method, payload.p, payload.n);
		a.calls[count].method = method;
		a.calls[count].payload = (struct sr_bytes){ a.sealed[count].bytes.p,
			a.sealed[count].bytes.n };
		a.calls[count].timeout_ms = attempt_ms(self, 5000);
		a.calls[count].hold_ms =
		    count < few ? 0 : self->genesis->slot_ms + CLIENT_PATIENCE_MS;
		a.calls[count].answer_max = CLIENT_BYTES_MAX;
		client_to_member(self, &a.calls[count], self->order[i]);
		list[count] = &a.calls[count];
		count++;
	}
	a.n = count;
	if (error == SR_OK)
		rpc_run(self->http, list, count, asked_one, &a);
	for (uint32_t i = 0; i < count; i++) {
		rpc_clear(&a.calls[i]);
		sealed_clear(&a.sealed[i]);
	}
	free(a.sealed);
	free(a.calls);
	return error;
}

enum sr_error client_ask_all(struct client *self, enum client_method method,
    struct sr_bytes payload, const bool *skip, client_taker *take, void *ctx)
{
	return client_ask_few(self, method, payload, skip, self->epoch->n, take, ctx);
}

/* --- reading --- */

static enum sr_error get_signed_part(struct sr_writer *w, struct client *self,
    const struct sealed *s, enum vault_get_kind kind, bool proof,
    const struct vault_account *account, uint64_t time_ms, struct sr_bytes params)
{
	sr_write_hash(w, &self->genesis->chain_id);
	sr_write_xpk(w, &s->answer_key);
	sr_write_u8(w, (uint8_t)kind);
	sr_write_bool(w, proof);
	vault_account_write(w, account);
	sr_write_u64(w, time_ms);
	sr_write_copy(w, params.p, params.n);
	return sr_writer_finish(w);
}

static enum sr_error get_payload(struct sr_writer *w, struct client *self, const struct sealed *s,
    const struct key *key, enum vault_get_kind kind, bool proof, struct sr_bytes params)
{
	struct vault_account account = { 0 };
	uint64_t now = cli_now_ms();
	uint8_t signature[65];
	size_t signature_n = 0;
	struct sr_writer part;
	enum sr_error error = SR_OK;

	sr_writer_init(&part, 4096);
	if (key != NULL) {
		account = key->account;
		error = get_signed_part(&part, self, s, kind, proof, &account, now, params);
		if (error == SR_OK)
			error = key_sign(signature, &signature_n, key, "strongroom get v1",
			    "Strongroom read", part.p, part.n);
		sr_writer_clear(&part);
	}
	SR_TRY(error);
	sr_write_u8(w, (uint8_t)kind);
	sr_write_bool(w, proof);
	vault_account_write(w, &account);
	sr_write_u64(w, now);
	sr_write_blob(w, params.p, params.n);
	sr_write_blob(w, signature, signature_n);
	return sr_writer_finish(w);
}

static enum sr_error get_once(struct client *self, const struct key *key, enum vault_get_kind kind,
    bool proof, struct sr_bytes params, uint32_t member, enum sr_error *code, uint8_t **answer,
    size_t *answer_n)
{
	struct sealed s;
	struct sr_writer payload;
	enum sr_error error;

	*answer = NULL;
	*answer_n = 0;
	sr_writer_init(&payload, CLIENT_REQUEST_MAX);
	error = sealed_start(self, &s);
	if (error == SR_OK)
		error = get_payload(&payload, self, &s, key, kind, proof, params);
	if (error == SR_OK)
		error = sealed_make(self, &s, CLIENT_GET, payload.p, payload.n);
	if (error == SR_OK)
		error = sealed_ask(
		    self, &s, CLIENT_GET, member, attempt_ms(self, 5000), code, answer, answer_n);
	sr_writer_clear(&payload);
	sealed_clear(&s);
	return error;
}

/*
 * Members that lag, or lie, may not know of something. What was acknowledged is known to f+1, and a
 * quorum always has one of those in it: only a quorum's "no" counts.
 */
struct denials { uint32_t members[SR_MEMBERS_MAX], n; enum sr_error code; };

static bool denied(struct denials *d, uint32_t member, enum sr_error code, uint32_t wanted)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (d->members[i] == member)
			return false;
	if (code != d->code)
		d->n = 0;
	d->code = code;
	d->members[d->n++] = member;
	return d->n >= wanted;
}

/* A record with its proof: in which states it counts. */
struct proving {
	const struct vault_key *record;  /* NULL: no proof */
	bool absence;                    /* that there is no such record is an answer too */
	uint64_t least;                  /* height */
};

static enum sr_error proving_check(struct client *self, const struct proving *p,
    struct sr_bytes answer, enum sr_error *code)
{
	struct consensus_header header;
	struct sr_bytes value;
	bool present;
	enum sr_error error = client_proof_check(&self->genesis->chain_id, self->epoch, p->record,
	    answer, &header, &present, &value);

	if (error != SR_OK)
		client_trouble(self, self->order[0], error);
	else if ((!present && !p->absence) || header.height < p->least)
		*code = SR_ERR_NOT_FINAL; /* the proof lags by a block */
	return error;
}

static enum sr_error get_turns(struct client *self, const struct key *key, enum vault_get_kind kind,
    struct sr_bytes params, const struct proving *proving, uint8_t **answer, size_t *answer_n)
{
	struct denials d = { .n = 0 };
	unsigned asked = 0;

	for (;;) {
		enum sr_error code = SR_OK, error;

		error = get_once(self, key, kind, proving->record != NULL, params, self->order[0],
		    &code, answer, answer_n);
		if (error == SR_OK && code == SR_OK && proving->record != NULL)
			error = proving_check(
			    self, proving, (struct sr_bytes){ *answer, *answer_n }, &code);
		if (error == SR_OK && code == SR_OK)
			return SR_OK;
		client_answer_free(*answer, *answer_n);
		*answer = NULL;
		if (error == SR_OK && !client_passing(code)) {
			client_trouble(self, self->order[0], code);
			if (denied(&d, self->order[0], code, consensus_quorum(self->epoch->n)))
				return code;
		}
		if (error == SR_ERR_WRONG_EPOCH && client_epoch_moved(self))
			d.n = 0; /* of other members */
		else
			client_rotate(self);
		if (cli_left_ms(self->cli) == 0)
			return SR_ERR_TIMED_OUT;
		if (++asked % self->epoch->n == 0)
			cli_pause_ms(100);
	}
}

enum sr_error client_get(struct client *self, const struct key *key, enum vault_get_kind kind,
    struct sr_bytes params, uint8_t **answer, size_t *answer_n)
{
	const struct proving none = { .record = NULL };

	return get_turns(self, key, kind, params, &none, answer, answer_n);
}

enum sr_error client_proof_check(const struct sr_hash32 *chain_id, const struct epoch_record *epoch,
    const struct vault_key *record, struct sr_bytes proof, struct consensus_header *header,
    bool *present, struct sr_bytes *value)
{
	struct consensus_cert *cert = malloc(sizeof *cert);
	struct sr_edpk keys[SR_MEMBERS_MAX];
	struct sr_bytes header_bytes, cert_bytes, path;
	struct sr_hash32 hash;
	struct sr_reader r;
	enum sr_error error = cert != NULL ? SR_OK : SR_ERR_NO_MEMORY;

	sr_reader_init(&r, proof.p, proof.n);
	header_bytes = sr_read_blob(&r, CONSENSUS_HEADER_MAX);
	cert_bytes = sr_read_blob(&r, 64 + SR_MEMBERS_MAX * 70u);
	path = sr_read_blob(&r, VAULT_PROOF_MAX);
	if (error == SR_OK)
		error = sr_reader_finish(&r);
	if (error == SR_OK) {
		sr_reader_init(&r, header_bytes.p, header_bytes.n);
		consensus_header_read(header, &r);
		error = sr_reader_finish(&r);
	}
	if (error == SR_OK) {
		sr_reader_init(&r, cert_bytes.p, cert_bytes.n);
		consensus_cert_read(cert, &r);
		error = sr_reader_finish(&r);
	}
	if (error == SR_OK && !sr_hash32_equal(&header->chain_id, chain_id))
		error = SR_ERR_WRONG_CHAIN;
	if (error == SR_OK && header->epoch != epoch->epoch)
		error = SR_ERR_WRONG_EPOCH;
	if (error == SR_OK) {
		hash = consensus_header_hash(header);
		for (uint32_t i = 0; i < epoch->n; i++)
			keys[i] = epoch->members[i].vote_key;
		error = cert->kind != CONSENSUS_FINAL || cert->epoch != header->epoch
			|| cert->slot != header->slot || !sr_hash32_equal(&cert->hash, &hash)
		    ? SR_ERR_BAD_HASH
		    : consensus_cert_verify(cert, chain_id, keys, epoch->n);
	}
	if (error == SR_OK)
		error = vault_proof_check(
		    present, value, &header->pre_state_root, record, path.p, path.n);
	free(cert);
	return error;
}

/* The value that a checked answer proves: a copy. NULL when it proves absence. */
static enum sr_error proven_value(struct client *self, const struct proving *p,
    struct sr_bytes answer, struct consensus_header *header, bool *present, uint8_t **value,
    size_t *value_n)
{
	struct sr_bytes found;

	SR_TRY(client_proof_check(&self->genesis->chain_id, self->epoch, p->record, answer, header,
	    present, &found));
	if (!*present)
		return SR_OK;
	*value = malloc(found.n + 1);
	if (*value == NULL)
		return SR_ERR_NO_MEMORY;
	memcpy(*value, found.p, found.n);
	*value_n = found.n;
	return SR_OK;
}

enum sr_error client_get_proven(struct client *self, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_key *record,
    uint8_t **value, size_t *value_n, uint8_t **proof, size_t *proof_n)
{
	const struct proving p = { .record = record };
	struct consensus_header header;
	uint8_t *answer;
	size_t answer_n;
	bool present;
	enum sr_error error;

	*value = NULL;
	*value_n = 0;
	SR_TRY(get_turns(self, key, kind, params, &p, &answer, &answer_n));
	error = proven_value(self, &p, (struct sr_bytes){ answer, answer_n }, &header, &present,
	    value, value_n);
	if (error == SR_OK && proof != NULL) {
		*proof = answer;
		*proof_n = answer_n;
	} else {
		client_answer_free(answer, answer_n);
	}
	return error;
}

enum sr_error client_get_at(struct client *self, const struct key *key, enum vault_get_kind kind,
    struct sr_bytes params, const struct vault_key *record, uint64_t least, uint64_t *height,
    bool *present, uint8_t **value, size_t *value_n)
{
	const struct proving p = { .record = record, .absence = true, .least = least };
	struct consensus_header header;
	uint8_t *answer;
	size_t answer_n;
	enum sr_error error;

	*value = NULL;
	*value_n = 0;
	*present = false;
	SR_TRY(get_turns(self, key, kind, params, &p, &answer, &answer_n));
	error = proven_value(self, &p, (struct sr_bytes){ answer, answer_n }, &header, present,
	    value, value_n);
	*height = error == SR_OK ? header.height : 0;
	client_answer_free(answer, answer_n);
	return error;
}
