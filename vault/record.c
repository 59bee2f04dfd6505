#include "vault/record.h"

#include <string.h>

#define RECORD_VERSION 1u

static void version_write(struct sr_writer *w)
{
	sr_write_u8(w, RECORD_VERSION);
}

static void version_read(struct sr_reader *r)
{
	if (sr_read_u8(r) != RECORD_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
}

static void name_write(struct sr_writer *w, const struct sr_bytes *name)
{
	sr_write_blob(w, name->p, name->n);
}

static struct sr_bytes name_read(struct sr_reader *r)
{
	struct sr_bytes name = sr_read_blob(r, SR_NAME_MAX);

	if (r->error == SR_OK && !sr_name_valid(name.p, name.n))
		sr_reader_fail(r, SR_ERR_NAME_BAD);
	return name;
}

static uint32_t number_read(struct sr_reader *r, uint32_t most)
{
	uint32_t v = sr_read_u32(r);

	if (r->error == SR_OK && v > most)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return r->error == SR_OK ? v : 0;
}

static void id_write(struct sr_writer *w, const struct vault_secret_id *id)
{
	sr_write_copy(w, id->b, sizeof id->b);
}

static void id_read(struct vault_secret_id *id, struct sr_reader *r)
{
	sr_read_copy(r, id->b, sizeof id->b);
}

static uint16_t code_read(struct sr_reader *r)
{
	uint16_t code = sr_read_u16(r);

	/* Only numbers of the list: a receipt's code is shown by name. */
	if (r->error == SR_OK && code != (uint16_t)sr_error_from_number(code))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return code;
}

void vault_meta_write(struct sr_writer *w, const struct vault_meta *v)
{
	version_write(w);
	sr_write_u64(w, v->collections);
	sr_write_u64(w, v->nfts);
	sr_write_u64(w, v->switches);
	sr_write_u64(w, v->secrets);
	sr_write_u64(w, v->uptime_ms);
	sr_write_u64(w, v->time_ms);
	sr_write_u64(w, v->height);
	sr_write_u64(w, v->events);
}

void vault_meta_read(struct vault_meta *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->collections = sr_read_u64(r);
	v->nfts = sr_read_u64(r);
	v->switches = sr_read_u64(r);
	v->secrets = sr_read_u64(r);
	v->uptime_ms = sr_read_u64(r);
	v->time_ms = sr_read_u64(r);
	v->height = sr_read_u64(r);
	v->events = sr_read_u64(r);
}

void vault_account_record_write(struct sr_writer *w, const struct vault_account_record *v)
{
	version_write(w);
	vault_account_write(w, &v->account);
	sr_write_u64(w, v->nonce);
	sr_write_u64(w, v->nfts);
	sr_write_u64(w, v->secrets);
	sr_write_u64(w, v->switches);
}

void vault_account_record_read(struct vault_account_record *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	vault_account_read(&v->account, r, false);
	v->nonce = sr_read_u64(r);
	v->nfts = sr_read_u64(r);
	v->secrets = sr_read_u64(r);
	v->switches = sr_read_u64(r);
}

void vault_collection_write(struct sr_writer *w, const struct vault_collection *v)
{
	version_write(w);
	sr_write_u64(w, v->id);
	vault_account_write(w, &v->owner);
	name_write(w, &v->name);
	sr_write_u64(w, v->created_ms);
}

void vault_collection_read(struct vault_collection *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_u64(r);
	vault_account_read(&v->owner, r, true); /* the open collection is nobody's */
	v->name = name_read(r);
	v->created_ms = sr_read_u64(r);
}

void vault_nft_write(struct sr_writer *w, const struct vault_nft *v)
{
	version_write(w);
	sr_write_u64(w, v->id);
	sr_write_u64(w, v->collection_id);
	sr_write_u64(w, v->version);
	sr_write_u64(w, v->releases);
	sr_write_u64(w, v->minted_ms);
	sr_write_u64(w, v->held_since_ms);
	vault_account_write(w, &v->owner);
	vault_account_write(w, &v->approved);
	name_write(w, &v->name);
	sr_write_hash(w, &v->open_ticket);
	sr_write_u64(w, v->open_ticket_until_ms);
}

void vault_nft_read(struct vault_nft *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_u64(r);
	v->collection_id = sr_read_u64(r);
	v->version = sr_read_u64(r);
	v->releases = sr_read_u64(r);
	v->minted_ms = sr_read_u64(r);
	v->held_since_ms = sr_read_u64(r);
	vault_account_read(&v->owner, r, true); /* NONE: burned */
	vault_account_read(&v->approved, r, true);
	v->name = name_read(r);
	v->open_ticket = sr_read_hash(r);
	v->open_ticket_until_ms = sr_read_u64(r);
}

void vault_secret_write(struct sr_writer *w, const struct vault_secret *v)
{
	version_write(w);
	id_write(w, &v->id);
	vault_account_write(w, &v->owner);
	name_write(w, &v->name);
	sr_write_blob(w, v->policy.p, v->policy.n);
	sr_write_u64(w, v->version);
	sr_write_u64(w, v->created_ms);
	sr_write_u64(w, v->updated_ms);
	sr_write_u64(w, v->expiry_ms);
	sr_write_u64(w, v->releases);
	sr_write_bool(w, v->deleted);
}

void vault_secret_read(struct vault_secret *v, struct sr_reader *r)
{
	struct vault_policy policy;
	enum sr_error error;

	memset(v, 0, sizeof *v);
	version_read(r);
	id_read(&v->id, r);
	vault_account_read(&v->owner, r, false);
	v->name = name_read(r);
	v->policy = sr_read_blob(r, VAULT_POLICY_BYTES_MAX);
	error = r->error == SR_OK && v->policy.n > 0 ? vault_policy_decode(&policy, v->policy)
						     : SR_OK;
	if (error != SR_OK)
		sr_reader_fail(r, error);
	v->version = sr_read_u64(r);
	v->created_ms = sr_read_u64(r);
	v->updated_ms = sr_read_u64(r);
	v->expiry_ms = sr_read_u64(r);
	v->releases = sr_read_u64(r);
	v->deleted = sr_read_bool(r);
	if (r->error == SR_OK && v->policy.n == 0 && !v->deleted)
		sr_reader_fail(r, SR_ERR_EMPTY);
}

void vault_version_write(struct sr_writer *w, const struct vault_version *v)
{
	version_write(w);
	id_write(w, &v->id);
	sr_write_u64(w, v->version);
	sr_write_u64(w, v->time_ms);
	sr_write_u64(w, v->from_version);
	sr_write_hash(w, &v->policy_hash);
	vault_wrapped_key_write(w, &v->key);
	vault_payload_write(w, &v->payload);
}

void vault_version_read(struct vault_version *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	id_read(&v->id, r);
	v->version = sr_read_u64(r);
	v->time_ms = sr_read_u64(r);
	v->from_version = sr_read_u64(r);
	v->policy_hash = sr_read_hash(r);
	vault_wrapped_key_read(&v->key, r);
	vault_payload_read(&v->payload, r);
}

void vault_ticket_write(struct sr_writer *w, const struct vault_ticket *v)
{
	version_write(w);
	sr_write_hash(w, &v->id);
	id_write(w, &v->secret);
	sr_write_u64(w, v->secret_version);
	sr_write_u64(w, v->nft_id);
	sr_write_u64(w, v->nft_version);
	sr_write_u64(w, v->height);
	sr_write_u64(w, v->issued_ms);
	sr_write_u64(w, v->expires_ms);
	vault_account_write(w, &v->requester);
	sr_write_xpk(w, &v->to);
	sr_write_bool(w, v->closed);
	sr_write_hash(w, &v->label);
	sr_write_copy(w, v->tdh2, sizeof v->tdh2);
	sr_write_bool(w, v->time_conditioned);
}

void vault_ticket_read(struct vault_ticket *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_hash(r);
	id_read(&v->secret, r);
	v->secret_version = sr_read_u64(r);
	v->nft_id = sr_read_u64(r);
	v->nft_version = sr_read_u64(r);
	v->height = sr_read_u64(r);
	v->issued_ms = sr_read_u64(r);
	v->expires_ms = sr_read_u64(r);
	vault_account_read(&v->requester, r, false);
	v->to = sr_read_xpk(r);
	v->closed = sr_read_bool(r);
	v->label = sr_read_hash(r);
	sr_read_copy(r, v->tdh2, sizeof v->tdh2);
	v->time_conditioned = sr_read_bool(r);
}

bool vault_ticket_is_dealt(const struct vault_ticket *ticket)
{
	static const uint8_t none[VAULT_TDH2_BYTES];

	return memcmp(ticket->tdh2, none, sizeof none) == 0;
}

void vault_switch_write(struct sr_writer *w, const struct vault_switch *v)
{
	if (v->delegates_n > VAULT_DELEGATES_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	version_write(w);
	sr_write_u64(w, v->id);
	sr_write_u64(w, v->created_ms);
	vault_account_write(w, &v->owner);
	name_write(w, &v->name);
	vault_switch_settings_write(w, &v->settings);
	sr_write_u8(w, (uint8_t)v->state);
	sr_write_u32(w, v->warn_level);
	sr_write_u64(w, v->heartbeat_uptime_ms);
	sr_write_u64(w, v->heartbeat_ms);
	sr_write_u64(w, v->pending_uptime_ms);
	sr_write_u64(w, v->fired_uptime_ms);
	sr_write_u64(w, v->fired_ms);
	sr_write_u64(w, v->paused_until_ms);
	sr_write_u32(w, v->stage);
	sr_write_u32(w, v->confirmed);
	sr_write_u32(w, v->delegates_n);
	for (uint32_t i = 0; i < v->delegates_n; i++) {
		vault_account_write(w, &v->delegates[i]);
		sr_write_u64(w, v->delegate_until_ms[i]);
	}
}

void vault_switch_read(struct vault_switch *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_u64(r);
	v->created_ms = sr_read_u64(r);
	vault_account_read(&v->owner, r, false);
	v->name = name_read(r);
	vault_switch_settings_read(&v->settings, r);
	v->state = (enum vault_switch_state)sr_read_u8(r);
	if (r->error == SR_OK
	    && (v->state < VAULT_SWITCH_ARMED || v->state > VAULT_SWITCH_CANCELLED))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	v->warn_level = number_read(r, 100);
	v->heartbeat_uptime_ms = sr_read_u64(r);
	v->heartbeat_ms = sr_read_u64(r);
	v->pending_uptime_ms = sr_read_u64(r);
	v->fired_uptime_ms = sr_read_u64(r);
	v->fired_ms = sr_read_u64(r);
	v->paused_until_ms = sr_read_u64(r);
	v->stage = number_read(r, VAULT_HEIRS_MAX);
	v->confirmed = number_read(r, (1u << VAULT_GUARDIANS_MAX) - 1);
	v->delegates_n = number_read(r, VAULT_DELEGATES_MAX);
	for (uint32_t i = 0; i < v->delegates_n; i++) {
		vault_account_read(&v->delegates[i], r, false);
		v->delegate_until_ms[i] = sr_read_u64(r);
	}
}

void vault_receipt_write(struct sr_writer *w, const struct vault_receipt *v)
{
	version_write(w);
	sr_write_hash(w, &v->op);
	sr_write_u16(w, v->code);
	sr_write_u64(w, v->height);
	sr_write_u64(w, v->expires_ms);
	sr_write_u64(w, v->id);
	sr_write_u32(w, v->detail);
}

void vault_receipt_read(struct vault_receipt *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->op = sr_read_hash(r);
	v->code = code_read(r);
	v->height = sr_read_u64(r);
	v->expires_ms = sr_read_u64(r);
	v->id = sr_read_u64(r);
	v->detail = sr_read_u32(r);
}

void vault_event_write(struct sr_writer *w, const struct vault_event *v)
{
	version_write(w);
	sr_write_u8(w, (uint8_t)v->kind);
	sr_write_u8(w, (uint8_t)v->subject);
	sr_write_copy(w, v->subject_id, sizeof v->subject_id);
	sr_write_u64(w, v->seq);
	sr_write_u64(w, v->height);
	sr_write_u64(w, v->time_ms);
	vault_account_write(w, &v->actor);
	sr_write_u16(w, v->code);
	sr_write_u64(w, v->detail);
}

void vault_event_read(struct vault_event *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->kind = (enum vault_event_kind)sr_read_u8(r);
	v->subject = (enum vault_subject)sr_read_u8(r);
	if (r->error == SR_OK
	    && (v->kind < VAULT_EVENT_MINTED || v->kind > VAULT_EVENT_RESHARED
		|| v->subject < VAULT_SUBJECT_NFT || v->subject > VAULT_SUBJECT_ATTESTATION))
		sr_reader_fail(r, SR_ERR_BAD_KIND);
	sr_read_copy(r, v->subject_id, sizeof v->subject_id);
	v->seq = sr_read_u64(r);
	v->height = sr_read_u64(r);
	v->time_ms = sr_read_u64(r);
	vault_account_read(&v->actor, r, true);
	v->code = code_read(r);
	v->detail = sr_read_u64(r);
}

void vault_pending_write(struct sr_writer *w, const struct vault_pending *v)
{
	version_write(w);
	sr_write_hash(w, &v->id);
	sr_write_u64(w, v->number);
	vault_account_write(w, &v->submitter);
	sr_write_u64(w, v->submitted_ms);
	sr_write_u64(w, v->expires_ms);
	sr_write_blob(w, v->url.p, v->url.n);
	sr_write_blob(w, v->evidence.p, v->evidence.n);
}

void vault_pending_read(struct vault_pending *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_hash(r);
	v->number = sr_read_u64(r);
	vault_account_read(&v->submitter, r, false);
	v->submitted_ms = sr_read_u64(r);
	v->expires_ms = sr_read_u64(r);
	v->url = vault_url_read(r);
	v->evidence = sr_read_blob(r, VAULT_ATTEST_EVIDENCE_MAX);
}

void vault_vote_write(struct sr_writer *w, const struct vault_vote *v)
{
	version_write(w);
	sr_write_u64(w, v->epoch);
	sr_write_u16(w, v->code);
	sr_write_hash(w, &v->facts);
}

void vault_vote_read(struct vault_vote *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->epoch = sr_read_u64(r);
	v->code = code_read(r);
	v->facts = sr_read_hash(r);
}

static void measurement_read(uint8_t out[48], size_t *n, struct sr_reader *r)
{
	struct sr_bytes b = sr_read_blob(r, 48);

	*n = b.n;
	if (b.n > 0)
		memcpy(out, b.p, b.n);
}

void vault_attestation_write(struct sr_writer *w, const struct vault_attestation *v)
{
	version_write(w);
	sr_write_hash(w, &v->id);
	sr_write_u64(w, v->number);
	vault_account_write(w, &v->submitter);
	sr_write_blob(w, v->url.p, v->url.n);
	sr_write_u64(w, v->submitted_ms);
	sr_write_u64(w, v->judged_ms);
	sr_write_u64(w, v->keep_ms);
	sr_write_u16(w, v->code);
	if (v->code != SR_OK)
		return;
	sr_write_u8(w, (uint8_t)v->kind);
	sr_write_u8(w, (uint8_t)v->status);
	sr_write_bool(w, v->debug);
	sr_write_blob(w, v->measurement, v->measurement_n);
	sr_write_blob(w, v->signer, v->signer_n);
	sr_write_copy(w, v->report_data, sizeof v->report_data);
	sr_write_hash(w, &v->collateral);
	sr_write_u32(w, v->evaluation);
	sr_write_u32(w, v->vouchers);
	sr_write_u64(w, v->valid_from_ms);
	sr_write_u64(w, v->valid_to_ms);
}

void vault_attestation_read(struct vault_attestation *v, struct sr_reader *r)
{
	memset(v, 0, sizeof *v);
	version_read(r);
	v->id = sr_read_hash(r);
	v->number = sr_read_u64(r);
	vault_account_read(&v->submitter, r, false);
	v->url = vault_url_read(r);
	v->submitted_ms = sr_read_u64(r);
	v->judged_ms = sr_read_u64(r);
	v->keep_ms = sr_read_u64(r);
	v->code = code_read(r);
	if (r->error != SR_OK || v->code != SR_OK)
		return;
	v->kind = (enum attest_kind)sr_read_u8(r);
	v->status = (enum attest_status)sr_read_u8(r);
	v->debug = sr_read_bool(r);
	if (r->error == SR_OK && (v->kind < ATTEST_KIND_SOFTWARE || v->kind > ATTEST_KINDS ||
	    v->status < ATTEST_UP_TO_DATE || v->status > ATTEST_NOT_SUPPORTED))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	measurement_read(v->measurement, &v->measurement_n, r);
	measurement_read(v->signer, &v->signer_n, r);
	sr_read_copy(r, v->report_data, sizeof v->report_data);
	v->collateral = sr_read_hash(r);
	v->evaluation = sr_read_u32(r);
	v->vouchers = sr_read_u32(r);
	v->valid_from_ms = sr_read_u64(r);
	v->valid_to_ms = sr_read_u64(r);
}

/* --- keys --- */

/* Numbers in keys are big-endian, so that the tree's order is the numbers' order. */
static void put_be64(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static struct vault_key key_of(enum vault_record_type type)
{
	struct vault_key key = { { 0 } };

	key.b[0] = (uint8_t)type;
	return key;
}

struct vault_key vault_key_meta(void)
{
	return key_of(VAULT_REC_META);
}

struct vault_key vault_key_account(const struct vault_account *a)
{
	struct sr_bytes parts[] = { { &a->kind, 1 }, { a->b, sizeof a->b } };
	struct sr_hash32 h = sr_hash_domain("strongroom account key v1", parts, 2);

	return vault_key_hash(VAULT_REC_ACCOUNT, &h);
}

struct vault_key vault_key_number(enum vault_record_type type, uint64_t id)
{
	struct vault_key key = key_of(type);

	put_be64(key.b + 1, id);
	return key;
}

struct vault_key vault_key_secret(const struct vault_secret_id *id)
{
	struct vault_key key = key_of(VAULT_REC_SECRET);

	memcpy(key.b + 1, id->b, sizeof id->b);
	return key;
}

struct vault_key vault_key_version(const struct vault_secret_id *id, uint64_t version)
{
	struct vault_key key = key_of(VAULT_REC_VERSION);

	memcpy(key.b + 1, id->b, sizeof id->b);
	put_be64(key.b + 1 + sizeof id->b, version);
	return key;
}

struct vault_key vault_key_hash(enum vault_record_type type, const struct sr_hash32 *h)
{
	struct vault_key key = key_of(type);

	memcpy(key.b + 1, h->b, sizeof key.b - 1);
	return key;
}

struct vault_key vault_key_vote(const struct sr_hash32 *submission, uint32_t member)
{
	struct vault_key key = key_of(VAULT_REC_VOTE);

	memcpy(key.b + 1, submission->b, VAULT_VOTE_PREFIX - 1);
	for (unsigned i = 0; i < 4; i++)
		key.b[VAULT_VOTE_PREFIX + i] = (uint8_t)(member >> (24 - 8 * i));
	return key;
}

struct vault_key vault_key_event(
    enum vault_subject subject, const uint8_t subject_id[16], uint64_t seq)
{
	struct vault_key key = key_of(VAULT_REC_EVENT);

	key.b[1] = (uint8_t)subject;
	memcpy(key.b + 2, subject_id, 16);
	put_be64(key.b + 18, seq);
	return key;
}
