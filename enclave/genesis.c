/* enclave/genesis.c - the genesis file, members' evidence, epoch records and the trail between
 * them. */
#include "enclave/genesis.h"

#include "consensus/wire.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MIN 3u
#define SLOT_MS_MIN 10u
#define SLOT_MS_MAX 60000u
#define EVIDENCE_BYTES (1u + 32u + 64u + 64u)
#define MEMBER_MAX (SR_NAME_MAX + 2u * GENESIS_URL_MAX + GENESIS_EVIDENCE_MAX + 512u)

static const char chain_domain[] = "strongroom genesis v1";
static const char member_domain[] = "strongroom member v1";
static const char evidence_domain[] = "strongroom software evidence v1";
static const char report_domain[] = "strongroom report v1";
static const char roster_domain[] = "strongroom roster v2";
static const char nonce_domain[] = "strongroom attest nonce v1";
static const char role[] = "validateer";

bool genesis_attestation_software(const struct attest_policy *p)
{
	return (p->kinds & ATTEST_KIND_BIT(ATTEST_KIND_SOFTWARE)) != 0;
}

/* One machine without a TEE is enough to say so. */
void genesis_attestation_text(char out[GENESIS_ATTESTATION_MAX], const struct attest_policy *p)
{
	size_t n = 0;

	memset(out, 0, GENESIS_ATTESTATION_MAX);
	for (unsigned kind = 1; kind <= ATTEST_KINDS; kind++) {
		const char *name = attest_kind_name(kind);

		if ((p->kinds & ATTEST_KIND_BIT(kind)) == 0)
			continue;
		SR_ASSERT(n + 2 + strlen(name) < GENESIS_ATTESTATION_MAX);
		if (n > 0) {
			memcpy(out + n, ", ", 2);
			n += 2;
		}
		memcpy(out + n, name, strlen(name));
		n += strlen(name);
		if (kind == ATTEST_KIND_SOFTWARE)
			return;
	}
}

/* ------------------------------------------------------------------------------------- evidence */

void genesis_report_data(uint8_t out[64], const struct sr_edpk *operator_key,
    const struct sr_edpk *id_key, const struct sr_edpk *vote_key, const uint8_t box_key[32],
    const struct sr_hash32 *nonce)
{
	struct sr_bytes parts[] = {
		{ (const uint8_t *)report_domain, sizeof(report_domain) },
		{ operator_key->b, 32 },
		{ id_key->b, 32 },
		{ vote_key->b, 32 },
		{ box_key, 32 },
		{ nonce->b, 32 },
		{ (const uint8_t *)role, sizeof(role) },
	};

	sr_sha512(out, parts, sizeof(parts) / sizeof(parts[0]));
}

void genesis_software_evidence(struct sr_writer *w, const struct sr_hash32 *measurement,
    const uint8_t report_data[64], const struct sr_edsk *operator_key)
{
	uint8_t message[1 + 32 + 64];
	struct sr_sig64 sig;

	message[0] = ATTEST_KIND_SOFTWARE;
	memcpy(message + 1, measurement->b, 32);
	memcpy(message + 33, report_data, 64);
	sr_sign(&sig, operator_key, evidence_domain, message, sizeof(message));
	sr_write_copy(w, message, sizeof(message));
	sr_write_sig(w, &sig);
}

static int software_compare(const struct attest_policy_measurement *p, const struct sr_hash32 *m)
{
	if (p->kind != ATTEST_KIND_SOFTWARE)
		return 1;
	return memcmp(p->measurement, m->b, sizeof(m->b));
}

bool genesis_measurement_listed(const struct genesis *g, const struct sr_hash32 *m)
{
	for (uint32_t i = 0; i < g->policy.measurements_n; i++)
		if (software_compare(&g->policy.measurements[i], m) == 0)
			return true;
	return false;
}

/* Software is the first kind, so its measurements stand in front. */
enum sr_error genesis_measurement_add(struct genesis *g, const struct sr_hash32 *m)
{
	struct attest_policy *p = &g->policy;
	struct attest_policy_measurement new = { .kind = ATTEST_KIND_SOFTWARE,
		.measurement_n = sizeof(m->b) };
	uint32_t at = 0;

	if (genesis_measurement_listed(g, m))
		return SR_OK;
	if (p->measurements_n >= ATTEST_POLICY_MEASUREMENTS_MAX)
		return SR_ERR_TOO_MANY;
	memcpy(new.measurement, m->b, sizeof(m->b));
	while (at < p->measurements_n && software_compare(&p->measurements[at], m) < 0)
		at++;
	memmove(&p->measurements[at + 1], &p->measurements[at],
	    (p->measurements_n - at) * sizeof(p->measurements[0]));
	p->measurements[at] = new;
	p->measurements_n++;
	return SR_OK;
}

enum sr_error genesis_evidence_verify(struct sr_hash32 *measurement,
    const struct genesis_member *m, const struct genesis *g)
{
	uint8_t expected[64];
	struct sr_sig64 sig;

	if (m->evidence.n == 0)
		return SR_ERR_EVIDENCE_BAD;
	if (m->evidence.p[0] != ATTEST_KIND_SOFTWARE)
		return SR_ERR_EVIDENCE_KIND;
	if (m->evidence.n != EVIDENCE_BYTES)
		return SR_ERR_EVIDENCE_BAD;
	memcpy(measurement->b, m->evidence.p + 1, 32);
	memcpy(sig.b, m->evidence.p + 97, 64);
	if (sr_verify(&m->operator_key, &sig, evidence_domain, m->evidence.p, 97) != SR_OK)
		return SR_ERR_EVIDENCE_BAD;
	genesis_report_data(expected, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &g->nonce);
	if (memcmp(expected, m->evidence.p + 33, 64) != 0)
		return SR_ERR_BINDING;
	if (!genesis_measurement_listed(g, measurement))
		return SR_ERR_MEASUREMENT;
	return SR_OK;
}

/* --------------------------------------------------------------------------------------- member */

static void text_write(struct sr_writer *w, const char *text)
{
	sr_write_blob(w, (const uint8_t *)text, strnlen(text, GENESIS_URL_MAX));
}

/* An address: printable ASCII without blanks, one of the prefixes, something after it. */
static void address_read(char out[GENESIS_URL_MAX], struct sr_reader *r, const char *prefix,
    const char *other)
{
	struct sr_bytes b = sr_read_blob(r, GENESIS_URL_MAX - 1);

	memset(out, 0, GENESIS_URL_MAX);
	if (r->error != SR_OK)
		return;
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= 0x20 || b.p[i] >= 0x7f) {
			sr_reader_fail(r, SR_ERR_BAD_SYNTAX);
			return;
		}
	memcpy(out, b.p, b.n);
	if ((strncmp(out, prefix, strlen(prefix)) != 0 || b.n <= strlen(prefix)) &&
	    (strncmp(out, other, strlen(other)) != 0 || b.n <= strlen(other))) {
		memset(out, 0, GENESIS_URL_MAX);
		sr_reader_fail(r, SR_ERR_BAD_SYNTAX);
	}
}

static void name_read(uint8_t out[SR_NAME_MAX], size_t *n, struct sr_reader *r)
{
	struct sr_bytes b = sr_read_blob(r, SR_NAME_MAX);

	*n = 0;
	if (r->error == SR_OK && !sr_name_valid(b.p, b.n))
		sr_reader_fail(r, SR_ERR_NAME_BAD);
	if (r->error != SR_OK)
		return;
	memcpy(out, b.p, b.n);
	*n = b.n;
}

static void member_unsigned_write(struct sr_writer *w, const struct genesis_member *m)
{
	sr_write_blob(w, m->name, m->name_n);
	sr_write_edpk(w, &m->operator_key);
	sr_write_edpk(w, &m->id_key);
	sr_write_edpk(w, &m->vote_key);
	sr_write_copy(w, m->box_key, 32);
	text_write(w, m->url);
	sr_write_hash(w, &m->url_pin);
	text_write(w, m->link);
	sr_write_blob(w, m->evidence.p, m->evidence.n);
}

void genesis_member_write(struct sr_writer *w, const struct genesis_member *m)
{
	member_unsigned_write(w, m);
	sr_write_sig(w, &m->entry_sig);
}

void genesis_member_read(struct genesis_member *m, struct sr_reader *r)
{
	memset(m, 0, sizeof(*m));
	name_read(m->name, &m->name_n, r);
	m->operator_key = sr_read_edpk(r);
	m->id_key = sr_read_edpk(r);
	m->vote_key = sr_read_edpk(r);
	sr_read_copy(r, m->box_key, 32);
	address_read(m->url, r, "https://", "https://");
	m->url_pin = sr_read_hash(r);
	address_read(m->link, r, "tcp://", "ipc://");
	m->evidence = sr_read_blob(r, GENESIS_EVIDENCE_MAX);
	m->entry_sig = sr_read_sig(r);
}

static enum sr_error entry_message(struct sr_writer *w, const struct genesis_member *m,
    const struct sr_hash32 *nonce)
{
	sr_writer_init(w, MEMBER_MAX);
	sr_write_hash(w, nonce);
	member_unsigned_write(w, m);
	return sr_writer_finish(w);
}

void genesis_member_sign(struct genesis_member *m, const struct sr_hash32 *nonce,
    const struct sr_edsk *operator_key)
{
	struct sr_writer w;

	memset(&m->entry_sig, 0, sizeof(m->entry_sig));
	if (entry_message(&w, m, nonce) == SR_OK)
		sr_sign(&m->entry_sig, operator_key, member_domain, w.p, w.n);
	sr_writer_clear(&w);
}

enum sr_error genesis_member_verify(const struct genesis_member *m, const struct sr_hash32 *nonce)
{
	struct sr_writer w;
	enum sr_error error = entry_message(&w, m, nonce);

	if (error == SR_OK)
		error = sr_verify(&m->operator_key, &m->entry_sig, member_domain, w.p, w.n);
	sr_writer_clear(&w);
	return error;
}

/* -------------------------------------------------------------------------------------- genesis */

static void policy_write(struct sr_writer *w, const struct attest_policy *p)
{
	struct sr_writer inner;

	sr_writer_init(&inner, ATTEST_POLICY_MAX);
	attest_policy_write(&inner, p);
	sr_writer_fail(w, inner.error);
	sr_write_blob(w, inner.p, inner.n);
	sr_writer_clear(&inner);
}

static void policy_read(struct attest_policy *p, struct sr_reader *r)
{
	struct sr_bytes bytes = sr_read_blob(r, ATTEST_POLICY_MAX);
	struct sr_reader inner;

	sr_reader_init(&inner, bytes.p, bytes.n);
	attest_policy_read(p, &inner);
	if (r->error == SR_OK && sr_reader_finish(&inner) != SR_OK)
		sr_reader_fail(r, sr_reader_finish(&inner));
}

static void genesis_fields_write(struct sr_writer *w, const struct genesis *g)
{
	sr_write_copy(w, (const uint8_t *)GENESIS_MAGIC, 8);
	sr_write_u8(w, GENESIS_VERSION);
	sr_write_blob(w, g->name, g->name_n);
	sr_write_u64(w, g->created_ms);
	sr_write_hash(w, &g->nonce);
	sr_write_u32(w, g->slot_ms);
	sr_write_u32(w, g->slot_min_ms);
	sr_write_u32(w, g->threshold);
	policy_write(w, &g->policy);
	sr_write_u32(w, g->members_n);
	for (uint32_t i = 0; i < g->members_n && i < SR_MEMBERS_MAX; i++)
		genesis_member_write(w, &g->members[i]);
}

static void genesis_fields_read(struct genesis *g, struct sr_reader *r)
{
	uint8_t magic[8];

	sr_read_copy(r, magic, sizeof(magic));
	if (memcmp(magic, GENESIS_MAGIC, sizeof(magic)) != 0 ||
	    sr_read_u8(r) != GENESIS_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	name_read(g->name, &g->name_n, r);
	g->created_ms = sr_read_u64(r);
	g->nonce = sr_read_hash(r);
	g->slot_ms = sr_read_u32(r);
	g->slot_min_ms = sr_read_u32(r);
	g->threshold = sr_read_u32(r);
	policy_read(&g->policy, r);
	g->members_n = sr_read_u32(r);
	if (g->members_n < MEMBERS_MIN || g->members_n > SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	for (uint32_t i = 0; r->error == SR_OK && i < g->members_n; i++)
		genesis_member_read(&g->members[i], r);
}

static int key_compare(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* No key may serve twice, in whatever role: a second use would let one signer count as two. */
static enum sr_error keys_distinct(const struct genesis *g)
{
	uint8_t (*keys)[32] = calloc(g->members_n, 4 * sizeof(*keys));
	enum sr_error error = SR_OK;
	size_t n = 0;

	if (keys == NULL)
		return SR_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < g->members_n; i++) {
		memcpy(keys[n++], g->members[i].operator_key.b, 32);
		memcpy(keys[n++], g->members[i].id_key.b, 32);
		memcpy(keys[n++], g->members[i].vote_key.b, 32);
		memcpy(keys[n++], g->members[i].box_key, 32);
	}
	qsort(keys, n, sizeof(*keys), key_compare);
	for (size_t i = 1; i < n; i++)
		if (memcmp(keys[i - 1], keys[i], 32) == 0)
			error = SR_ERR_DUPLICATE;
	free(keys);
	return error;
}

static enum sr_error names_distinct(const struct genesis *g)
{
	for (uint32_t i = 0; i < g->members_n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (g->members[i].name_n == g->members[k].name_n &&
			    memcmp(g->members[i].name, g->members[k].name,
				g->members[i].name_n) == 0)
				return SR_ERR_DUPLICATE;
	return SR_OK;
}

/* What can be said without the vendors' libraries. */
static enum sr_error evidence_form(const struct genesis_member *m, const struct genesis *g)
{
	struct sr_hash32 measurement;

	if (m->evidence.n == 0)
		return SR_ERR_EVIDENCE_BAD;
	if (m->evidence.p[0] > ATTEST_KINDS ||
	    (g->policy.kinds & ATTEST_KIND_BIT(m->evidence.p[0])) == 0)
		return SR_ERR_EVIDENCE_KIND;
	return m->evidence.p[0] == ATTEST_KIND_SOFTWARE ?
	    genesis_evidence_verify(&measurement, m, g) : SR_OK;
}

static enum sr_error genesis_check(const struct genesis *g)
{
	uint32_t f = consensus_faults(g->members_n);

	if (g->policy.number != 1)
		return SR_ERR_OUT_OF_RANGE;
	if (g->slot_ms < SLOT_MS_MIN || g->slot_ms > SLOT_MS_MAX || g->slot_min_ms == 0 ||
	    g->slot_min_ms > g->slot_ms)
		return SR_ERR_OUT_OF_RANGE;
	/* DESIGN 6: f+1 <= t <= n-f. */
	if (g->threshold < f + 1 || g->threshold > g->members_n - f)
		return SR_ERR_THRESHOLD;
	SR_TRY(keys_distinct(g));
	SR_TRY(names_distinct(g));
	for (uint32_t i = 0; i < g->members_n; i++) {
		SR_TRY(genesis_member_verify(&g->members[i], &g->nonce));
		SR_TRY(evidence_form(&g->members[i], g));
	}
	return SR_OK;
}

static struct sr_hash32 chain_id_of(const uint8_t *bytes, size_t n)
{
	struct sr_bytes part = { bytes, n };

	return sr_hash_domain(chain_domain, &part, 1);
}

enum sr_error genesis_decode(struct genesis *g, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;

	memset(g, 0, sizeof(*g));
	if (n > GENESIS_FILE_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes, n);
	genesis_fields_read(g, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(genesis_check(g));
	g->chain_id = chain_id_of(bytes, n);
	return SR_OK;
}

enum sr_error genesis_encode(struct sr_writer *w, struct genesis *g)
{
	struct genesis *back;
	size_t before = w->n;
	enum sr_error error;

	genesis_fields_write(w, g);
	if (w->error != SR_OK)
		return w->error;
	/* Nothing leaves that would not be accepted again. */
	back = malloc(sizeof(*back));
	if (back == NULL)
		return SR_ERR_NO_MEMORY;
	error = genesis_decode(back, w->p + before, w->n - before);
	if (error == SR_OK)
		g->chain_id = back->chain_id;
	free(back);
	return error;
}

void genesis_identity_write(struct sr_writer *w, const struct genesis_identity *i)
{
	sr_write_edpk(w, &i->id_key);
	sr_write_edpk(w, &i->vote_key);
	sr_write_copy(w, i->box_key, 32);
	sr_write_hash(w, &i->measurement);
}

void genesis_identity_read(struct genesis_identity *i, struct sr_reader *r)
{
	i->id_key = sr_read_edpk(r);
	i->vote_key = sr_read_edpk(r);
	sr_read_copy(r, i->box_key, 32);
	i->measurement = sr_read_hash(r);
}

/* -------------------------------------------------------------------------------- epoch records */

void epoch_member_write(struct sr_writer *w, const struct epoch_member *m)
{
	sr_write_u32(w, m->seat);
	sr_write_blob(w, m->name, m->name_n);
	sr_write_edpk(w, &m->operator_key);
	sr_write_edpk(w, &m->id_key);
	sr_write_edpk(w, &m->vote_key);
	sr_write_copy(w, m->box_key, 32);
	sr_write_copy(w, m->verify_key, 32);
	text_write(w, m->url);
	sr_write_hash(w, &m->url_pin);
	text_write(w, m->link);
}

void epoch_member_read(struct epoch_member *m, struct sr_reader *r)
{
	memset(m, 0, sizeof(*m));
	m->seat = sr_read_u32(r);
	if (m->seat >= SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	name_read(m->name, &m->name_n, r);
	m->operator_key = sr_read_edpk(r);
	m->id_key = sr_read_edpk(r);
	m->vote_key = sr_read_edpk(r);
	sr_read_copy(r, m->box_key, 32);
	sr_read_copy(r, m->verify_key, 32);
	address_read(m->url, r, "https://", "https://");
	m->url_pin = sr_read_hash(r);
	address_read(m->link, r, "tcp://", "ipc://");
}

void epoch_record_write(struct sr_writer *w, const struct epoch_record *r)
{
	if (r->n > SR_MEMBERS_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, EPOCH_RECORD_VERSION);
	sr_write_u64(w, r->epoch);
	sr_write_u32(w, r->n);
	sr_write_u32(w, r->threshold);
	sr_write_copy(w, r->vault_key, 32);
	sr_write_xpk(w, &r->shielding_key);
	for (uint32_t i = 0; i < r->n; i++)
		epoch_member_write(w, &r->members[i]);
}

/* Two members on one seat would be one peer with two votes. */
static void seats_check(const struct epoch_record *rec, struct sr_reader *r)
{
	bool taken[SR_MEMBERS_MAX] = { false };

	for (uint32_t i = 0; r->error == SR_OK && i < rec->n; i++) {
		if (taken[rec->members[i].seat])
			sr_reader_fail(r, SR_ERR_DUPLICATE);
		taken[rec->members[i].seat] = true;
	}
}

void epoch_record_read(struct epoch_record *rec, struct sr_reader *r)
{
	memset(rec, 0, sizeof(*rec));
	if (sr_read_u8(r) != EPOCH_RECORD_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	rec->epoch = sr_read_u64(r);
	rec->n = sr_read_u32(r);
	rec->threshold = sr_read_u32(r);
	sr_read_copy(r, rec->vault_key, 32);
	rec->shielding_key = sr_read_xpk(r);
	if (rec->n == 0 || rec->n > SR_MEMBERS_MAX || rec->threshold == 0 ||
	    rec->threshold > rec->n) {
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		rec->n = 0;
	}
	for (uint32_t i = 0; r->error == SR_OK && i < rec->n; i++)
		epoch_member_read(&rec->members[i], r);
	seats_check(rec, r);
}

struct sr_hash32 epoch_record_root(const struct epoch_record *r)
{
	uint8_t bytes[EPOCH_RECORD_MAX];
	struct sr_writer w;

	sr_writer_init_over(&w, bytes, sizeof(bytes));
	epoch_record_write(&w, r);
	SR_ASSERT(w.error == SR_OK);
	return sr_hash_domain(roster_domain, &(struct sr_bytes){ w.p, w.n }, 1);
}

void epoch_member_of_entry(struct epoch_member *out, const struct genesis_member *m, uint32_t seat)
{
	memset(out, 0, sizeof(*out));
	out->seat = seat;
	memcpy(out->name, m->name, sizeof(out->name));
	out->name_n = m->name_n;
	out->operator_key = m->operator_key;
	out->id_key = m->id_key;
	out->vote_key = m->vote_key;
	memcpy(out->box_key, m->box_key, 32);
	memcpy(out->url, m->url, sizeof(out->url));
	out->url_pin = m->url_pin;
	memcpy(out->link, m->link, sizeof(out->link));
}

void epoch_record_genesis(struct epoch_record *r, const struct genesis *g)
{
	memset(r, 0, sizeof(*r));
	r->n = g->members_n;
	r->threshold = g->threshold;
	for (uint32_t i = 0; i < g->members_n; i++)
		epoch_member_of_entry(&r->members[i], &g->members[i], i);
}

uint32_t epoch_record_seat(const struct epoch_record *r, uint32_t seat)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->members[i].seat == seat)
			return i;
	return EPOCH_NOBODY;
}

uint32_t epoch_record_id(const struct epoch_record *r, const struct sr_edpk *id_key)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (memcmp(r->members[i].id_key.b, id_key->b, 32) == 0)
			return i;
	return EPOCH_NOBODY;
}

struct sr_hash32 epoch_record_nonce(const struct epoch_record *r, const struct genesis *g)
{
	uint8_t epoch[8];
	struct sr_bytes parts[] = {
		{ g->chain_id.b, 32 }, { epoch, sizeof(epoch) }, { r->shielding_key.b, 32 },
	};

	if (r->epoch == 0)
		return g->nonce;
	for (size_t i = 0; i < sizeof(epoch); i++)
		epoch[i] = (uint8_t)(r->epoch >> (8 * i));
	return sr_hash_domain(nonce_domain, parts, sizeof(parts) / sizeof(parts[0]));
}

/* ---------------------------------------------------------------------------------------- trail */

_Static_assert(CONSENSUS_HEADER_MAX <= 320u, "EPOCH_STEP_MAX counts 320 for a header");

/* The CLOSE header and, when needed, its descendants; last: the hash and slot that cert must
 * name. */
static enum sr_error trail_headers(const struct epoch_trail_walk *t, struct consensus_header *close,
    struct sr_hash32 *last, uint64_t *last_slot, struct sr_bytes bytes)
{
	struct sr_reader r;
	struct consensus_header h;
	uint32_t count = 0;

	sr_reader_init(&r, bytes.p, bytes.n);
	do {
		consensus_header_read(&h, &r);
		if (r.error != SR_OK)
			return r.error;
		if (!sr_hash32_equal(&h.chain_id, &t->g->chain_id))
			return SR_ERR_WRONG_CHAIN;
		if (h.epoch != t->now->epoch)
			return SR_ERR_WRONG_EPOCH;
		if (count == 0 && (h.flags & CONSENSUS_CLOSE) == 0)
			return SR_ERR_BAD_KIND;
		if (count > 0 && (!sr_hash32_equal(&h.parent_hash, last) ||
		    h.parent_slot != *last_slot))
			return SR_ERR_BAD_PARENT;
		if (++count > EPOCH_TRAIL_HEADERS_MAX)
			return SR_ERR_TOO_MANY;
		if (count == 1)
			*close = h;
		*last = consensus_header_hash(&h);
		*last_slot = h.slot;
	} while (r.left > 0);
	return SR_OK;
}

enum sr_error epoch_trail_step(struct epoch_trail_walk *t, struct sr_reader *trail)
{
	struct sr_bytes headers =
	    sr_read_blob(trail, EPOCH_TRAIL_HEADERS_MAX * CONSENSUS_HEADER_MAX);
	struct sr_bytes cert = sr_read_blob(trail, 64 + SR_MEMBERS_MAX * 70u);
	struct sr_bytes record = sr_read_blob(trail, EPOCH_RECORD_MAX);
	struct consensus_header close;
	struct sr_hash32 last, root;
	uint64_t last_slot;
	struct sr_reader r;

	if (trail->error != SR_OK)
		return trail->error;
	SR_TRY(trail_headers(t, &close, &last, &last_slot, headers));
	sr_reader_init(&r, cert.p, cert.n);
	consensus_cert_read(t->cert, &r);
	SR_TRY(sr_reader_finish(&r));
	if (t->cert->kind != CONSENSUS_FINAL || t->cert->epoch != t->now->epoch ||
	    t->cert->slot != last_slot || !sr_hash32_equal(&t->cert->hash, &last))
		return SR_ERR_BAD_HASH;
	for (uint32_t i = 0; i < t->now->n; i++)
		t->keys[i] = t->now->members[i].vote_key;
	SR_TRY(consensus_cert_verify(t->cert, &t->g->chain_id, t->keys, t->now->n));
	sr_reader_init(&r, record.p, record.n);
	epoch_record_read(t->next, &r);
	SR_TRY(sr_reader_finish(&r));
	root = epoch_record_root(t->next);
	if (!sr_hash32_equal(&root, &close.next_roster_root))
		return SR_ERR_BAD_HASH;
	if (t->next->epoch != t->now->epoch + 1)
		return SR_ERR_WRONG_EPOCH;
	/* No roster may change it, whoever has its vote keys by now. */
	if (t->now->epoch > 0 &&
	    memcmp(t->next->vault_key, t->now->vault_key, sizeof(t->now->vault_key)) != 0)
		return SR_ERR_CHECKPOINT_OTHER;
	*t->now = *t->next;
	t->close_hash = consensus_header_hash(&close);
	t->close_height = close.height;
	t->close_time_ms = close.time_ms;
	t->close_state_root = close.post_state_root;
	return SR_OK;
}

enum sr_error epoch_trail_begin(struct epoch_trail_walk *w, const struct genesis *g)
{
	memset(w, 0, sizeof(*w));
	w->g = g;
	w->now = malloc(sizeof(*w->now));
	w->next = malloc(sizeof(*w->next));
	w->keys = malloc(SR_MEMBERS_MAX * sizeof(*w->keys));
	w->cert = malloc(sizeof(*w->cert));
	if (w->now == NULL || w->next == NULL || w->keys == NULL || w->cert == NULL)
		return SR_ERR_NO_MEMORY;
	epoch_record_genesis(w->now, g);
	return SR_OK;
}

enum sr_error epoch_trail_resume(struct epoch_trail_walk *w, const struct genesis *g,
    const struct epoch_record *record, const struct sr_hash32 *close_hash)
{
	SR_TRY(epoch_trail_begin(w, g));
	*w->now = *record;
	w->close_hash = *close_hash;
	return SR_OK;
}

void epoch_trail_end(struct epoch_trail_walk *w)
{
	free(w->now);
	free(w->next);
	free(w->keys);
	free(w->cert);
	memset(w, 0, sizeof(*w));
}

enum sr_error epoch_trail_step_read(struct sr_bytes *step, struct sr_hash32 *close_hash,
    struct sr_reader *steps)
{
	const uint8_t *from = steps->p;
	struct sr_bytes headers =
	    sr_read_blob(steps, EPOCH_TRAIL_HEADERS_MAX * CONSENSUS_HEADER_MAX);
	struct consensus_header close;
	struct sr_reader r;

	(void)sr_read_blob(steps, 64 + SR_MEMBERS_MAX * 70u);
	(void)sr_read_blob(steps, EPOCH_RECORD_MAX);
	if (steps->error != SR_OK)
		return steps->error;
	*step = (struct sr_bytes){ from, (size_t)(steps->p - from) };
	sr_reader_init(&r, headers.p, headers.n);
	consensus_header_read(&close, &r);
	if (r.error == SR_OK)
		*close_hash = consensus_header_hash(&close);
	return r.error;
}

void epoch_trail_page_write(struct sr_writer *w, const struct epoch_trail_page *p)
{
	sr_write_u64(w, p->total);
	sr_write_u64(w, p->first);
	sr_write_u32(w, p->count);
	sr_write_copy(w, p->steps.p, p->steps.n);
}

enum sr_error epoch_trail_page_read(struct epoch_trail_page *p, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, bytes, n);
	p->total = sr_read_u64(&r);
	p->first = sr_read_u64(&r);
	p->count = sr_read_u32(&r);
	if (r.error == SR_OK && (p->first > p->total || p->count > p->total - p->first))
		return SR_ERR_OUT_OF_RANGE;
	p->steps = (struct sr_bytes){ r.p, r.left };
	return r.error;
}

enum sr_error epoch_trail_verify(struct epoch_record *out, struct sr_hash32 *close_hash,
    const struct genesis *g, const uint8_t *trail, size_t n)
{
	struct epoch_trail_walk w;
	struct sr_reader r;
	enum sr_error error = epoch_trail_begin(&w, g);
	uint32_t steps;

	sr_reader_init(&r, trail, n);
	steps = sr_read_u32(&r);
	for (uint32_t i = 0; error == SR_OK && i < steps; i++)
		error = epoch_trail_step(&w, &r);
	if (error == SR_OK)
		error = sr_reader_finish(&r);
	if (error == SR_OK)
		*out = *w.now;
	else
		epoch_record_genesis(out, g);
	*close_hash = error == SR_OK ? w.close_hash : (struct sr_hash32){ { 0 } };
	epoch_trail_end(&w);
	return error;
}
