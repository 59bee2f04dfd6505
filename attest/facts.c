#include "attest/facts.h"

#include <string.h>

/* --- Names --- */

static const char *const kinds[ATTEST_KINDS + 1] = { "unknown", "software", "sgx", "tdx", "snp",
	"nitro", "tpm", "azure" };
static const char *const statuses[ATTEST_STATUSES + 1] = { "unknown", "UpToDate",
	"SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
	"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded", "OutOfDate",
	"OutOfDateConfigurationNeeded", "Revoked", "NotSupported" };

const char *attest_kind_name(unsigned kind)
{
	return kinds[kind <= ATTEST_KINDS ? kind : 0];
}

const char *attest_status_name(unsigned status)
{
	return statuses[status <= ATTEST_STATUSES ? status : 0];
}

/* 0: none of them. */
static unsigned find(const char *const *names, unsigned last, const char *text)
{
	for (unsigned i = 1; i <= last; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return 0;
}

bool attest_kind_parse(enum attest_kind *out, const char *text)
{
	unsigned i = find(kinds, ATTEST_KINDS, text);

	if (i != 0)
		*out = (enum attest_kind)i;
	return i != 0;
}

bool attest_status_parse(enum attest_status *out, const char *text)
{
	unsigned i = find(statuses, ATTEST_STATUSES, text);

	if (i != 0)
		*out = (enum attest_status)i;
	return i != 0;
}

size_t attest_kind_measurement_n(unsigned kind)
{
	static const uint8_t n[ATTEST_KINDS + 1] = { 0, 32, 32, 32, 48, 48, 32, 32 };

	return n[kind <= ATTEST_KINDS ? kind : 0];
}

/* --- Rules --- */

bool attest_advisory_valid(const char id[ATTEST_FACTS_ADVISORY_MAX])
{
	size_t n = 0;

	while (n < ATTEST_FACTS_ADVISORY_MAX && id[n] >= 0x21 && id[n] <= 0x7e)
		n++;
	if (n == 0 || n == ATTEST_FACTS_ADVISORY_MAX)
		return false;
	for (; n < ATTEST_FACTS_ADVISORY_MAX; n++)
		if (id[n] != '\0')
			return false;
	return true;
}

bool attest_advisories_valid(const char (*ids)[ATTEST_FACTS_ADVISORY_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!attest_advisory_valid(ids[i]) ||
		    (i > 0 && memcmp(ids[i - 1], ids[i], sizeof ids[i]) >= 0))
			return false;
	return true;
}

bool attest_rising(const void *items, size_t n)
{
	const uint8_t *p = items;

	for (size_t i = 1; i < n; i++)
		if (memcmp(p + 32 * (i - 1), p + 32 * i, 32) >= 0)
			return false;
	return true;
}

/* What both directions refuse; the counts are within their arrays when this is asked. */
static enum sr_error facts_check(const struct attest_facts *f)
{
	static const uint8_t none[ATTEST_SVNS];

	if (f->status < ATTEST_UP_TO_DATE || f->status > ATTEST_NOT_SUPPORTED ||
	    f->valid_from_s > f->valid_to_s || f->product > ATTEST_PRODUCTS)
		return SR_ERR_OUT_OF_RANGE;
	if (f->product == 0 && memcmp(f->svns, none, sizeof none) != 0)
		return SR_ERR_OUT_OF_RANGE;
	if (f->kind != ATTEST_KIND_TPM && f->vouchers_n != 0)
		return SR_ERR_OUT_OF_RANGE;
	if (!attest_rising(f->vouchers, f->vouchers_n) ||
	    !attest_advisories_valid(f->advisories, f->advisories_n))
		return SR_ERR_BAD_ENCODING;
	return SR_OK;
}

/* --- Writing --- */

void attest_facts_write(struct sr_writer *w, const struct attest_facts *f)
{
	size_t n = attest_kind_measurement_n(f->kind);

	if (n == 0 || f->measurement_n != n || f->signer_n > sizeof f->signer ||
	    f->vouchers_n > ATTEST_FACTS_VOUCHERS_MAX ||
	    f->advisories_n > ATTEST_FACTS_ADVISORIES_MAX || facts_check(f) != SR_OK) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, ATTEST_FACTS_VERSION);
	sr_write_u8(w, (uint8_t)f->kind);
	sr_write_u8(w, (uint8_t)f->status);
	sr_write_bool(w, f->debug);
	sr_write_copy(w, f->measurement, n);
	sr_write_u8(w, (uint8_t)f->signer_n);
	sr_write_copy(w, f->signer, f->signer_n);
	sr_write_copy(w, f->report_data, sizeof f->report_data);
	sr_write_hash(w, &f->platform);
	sr_write_hash(w, &f->collateral);
	sr_write_u32(w, f->evaluation);
	sr_write_u64(w, f->tcb_date_s);
	sr_write_u8(w, f->product);
	sr_write_copy(w, f->svns, sizeof f->svns);
	sr_write_u64(w, f->valid_from_s);
	sr_write_u64(w, f->valid_to_s);
	sr_write_u8(w, (uint8_t)f->vouchers_n);
	for (uint32_t i = 0; i < f->vouchers_n; i++)
		sr_write_edpk(w, &f->vouchers[i]);
	sr_write_u8(w, (uint8_t)f->advisories_n);
	for (uint32_t i = 0; i < f->advisories_n; i++)
		sr_write_copy(w, (const uint8_t *)f->advisories[i], sizeof f->advisories[i]);
}

/* --- Reading --- */

static uint32_t count_read(struct sr_reader *r, uint32_t most)
{
	uint32_t n = sr_read_u8(r);

	if (n > most)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return r->error == SR_OK ? n : 0;
}

static void what_read(struct attest_facts *f, struct sr_reader *r)
{
	unsigned kind;

	if (sr_read_u8(r) != ATTEST_FACTS_VERSION)
		sr_reader_fail(r, SR_ERR_BAD_VERSION);
	kind = sr_read_u8(r);
	f->measurement_n = attest_kind_measurement_n(kind);
	if (f->measurement_n == 0)
		sr_reader_fail(r, SR_ERR_BAD_KIND);
	f->kind = (enum attest_kind)kind;
	f->status = (enum attest_status)sr_read_u8(r);
	f->debug = sr_read_bool(r);
	sr_read_copy(r, f->measurement, f->measurement_n);
	f->signer_n = count_read(r, sizeof f->signer);
	sr_read_copy(r, f->signer, f->signer_n);
	sr_read_copy(r, f->report_data, sizeof f->report_data);
}

static void platform_read(struct attest_facts *f, struct sr_reader *r)
{
	f->platform = sr_read_hash(r);
	f->collateral = sr_read_hash(r);
	f->evaluation = sr_read_u32(r);
	f->tcb_date_s = sr_read_u64(r);
	f->product = sr_read_u8(r);
	sr_read_copy(r, f->svns, sizeof f->svns);
	f->valid_from_s = sr_read_u64(r);
	f->valid_to_s = sr_read_u64(r);
}

void attest_facts_read(struct attest_facts *f, struct sr_reader *r)
{
	enum sr_error err;

	memset(f, 0, sizeof *f);
	what_read(f, r);
	platform_read(f, r);
	f->vouchers_n = count_read(r, ATTEST_FACTS_VOUCHERS_MAX);
	for (uint32_t i = 0; i < f->vouchers_n; i++)
		f->vouchers[i] = sr_read_edpk(r);
	f->advisories_n = count_read(r, ATTEST_FACTS_ADVISORIES_MAX);
	for (uint32_t i = 0; i < f->advisories_n; i++)
		sr_read_copy(r, (uint8_t *)f->advisories[i], sizeof f->advisories[i]);
	if (r->error == SR_OK) {
		err = facts_check(f);
		if (err != SR_OK)
			sr_reader_fail(r, err);
	}
	if (r->error != SR_OK)
		memset(f, 0, sizeof *f);
}

struct sr_hash32 attest_facts_hash(const struct attest_facts *f)
{
	uint8_t bytes[ATTEST_FACTS_MAX];
	struct sr_hash32 zero = { { 0 } };
	struct sr_writer w;

	sr_writer_init_over(&w, bytes, sizeof bytes);
	attest_facts_write(&w, f);
	if (sr_writer_finish(&w) != SR_OK)
		return zero;
	return sr_hash_domain("strongroom facts v1", &(struct sr_bytes){ bytes, w.n }, 1);
}

/* --- Measurements of several registers --- */

struct sr_hash32 attest_measurement_tdx(const uint8_t mrtd[48], const uint8_t rtmrs[4 * 48])
{
	struct sr_bytes parts[] = { { mrtd, 48 }, { rtmrs, 4 * 48 } };

	return sr_hash_domain("strongroom td measurement v1", parts, 2);
}

/* The selection counts: some PCRs can be reset and extended by anyone. */
struct sr_hash32 attest_measurement_pcrs(uint32_t pcr_mask, const struct sr_hash32 *pcr_digest)
{
	uint8_t mask[4];
	struct sr_bytes parts[] = { { mask, sizeof mask },
		{ pcr_digest->b, sizeof pcr_digest->b } };

	for (unsigned i = 0; i < sizeof mask; i++)
		mask[i] = (uint8_t)(pcr_mask >> 8 * i);
	return sr_hash_domain("strongroom pcr measurement v1", parts, 2);
}

/* Whoever owns a machine can launch a paravisor of his own, whose vTPM says what he likes. */
struct sr_hash32 attest_measurement_azure(enum attest_kind tee, const uint8_t launch[48],
    const struct sr_hash32 *pcrs)
{
	uint8_t kind = (uint8_t)tee;
	struct sr_bytes parts[] = { { &kind, 1 }, { launch, 48 }, { pcrs->b, sizeof pcrs->b } };

	return sr_hash_domain("strongroom azure measurement v1", parts, 3);
}

/* --- Binding --- */

void attest_report_data_short(
    uint8_t out[ATTEST_REPORT_DATA], const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct sr_bytes part = { report_data, ATTEST_REPORT_DATA };
	struct sr_hash32 hash = sr_hash_domain("strongroom short report data v1", &part, 1);

	memset(out, 0, ATTEST_REPORT_DATA);
	memcpy(out, hash.b, ATTEST_SHORT_REPORT_DATA);
}

bool attest_facts_bound(
    const struct attest_facts *f, const uint8_t report_data[ATTEST_REPORT_DATA])
{
	uint8_t other[ATTEST_REPORT_DATA];

	if (memcmp(f->report_data, report_data, ATTEST_REPORT_DATA) == 0)
		return true;
	if (f->kind != ATTEST_KIND_TPM && f->kind != ATTEST_KIND_AZURE)
		return false;
	attest_report_data_short(other, report_data);
	return memcmp(f->report_data, other, sizeof other) == 0;
}
