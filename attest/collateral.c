#include "attest/collateral.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

/* --- What is signed --- */

static size_t blanks(struct sr_bytes b, size_t at)
{
	while (
	    at < b.n && (b.p[at] == ' ' || b.p[at] == '\n' || b.p[at] == '\r' || b.p[at] == '\t'))
		at++;
	return at;
}

static bool literal(struct sr_bytes b, size_t *at, const char *text)
{
	size_t n = strlen(text);

	*at = blanks(b, *at);
	if (b.n - *at < n || memcmp(b.p + *at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

/* How many bytes one JSON value takes from there; 0: none. */
static size_t value_length(struct sr_bytes b, size_t at)
{
	json_error_t error;
	json_t *v = json_loadb((const char *)b.p + at, b.n - at,
	    JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

	if (v == NULL)
		return 0;
	json_decref(v);
	return error.position > 0 ? (size_t)error.position : 0;
}

static bool member(struct sr_bytes b, size_t *at, const char *quoted, struct sr_bytes *value)
{
	size_t n;

	if (!literal(b, at, quoted) || !literal(b, at, ":"))
		return false;
	*at = blanks(b, *at);
	n = value_length(b, *at);
	*value = (struct sr_bytes){ b.p + *at, n };
	*at += n;
	return n > 0;
}

enum sr_error collateral_signed(
    struct sr_bytes *inner, uint8_t signature[64], struct sr_bytes file, const char *name)
{
	char quoted[64];
	struct sr_bytes hex;
	size_t at = 0, n = strlen(name), back;
	bool ok;

	if (file.n == 0 || file.n > ATTEST_COLLATERAL_MAX || n + 3 > sizeof quoted)
		return SR_ERR_COLLATERAL_BAD;
	quoted[0] = '"';
	memcpy(quoted + 1, name, n);
	memcpy(quoted + 1 + n, "\"", 2);
	if (!literal(file, &at, "{"))
		return SR_ERR_COLLATERAL_BAD;
	back = at;
	ok = member(file, &at, quoted, inner) && literal(file, &at, ",") &&
	    member(file, &at, "\"signature\"", &hex);
	if (!ok) {
		at = back;
		ok = member(file, &at, "\"signature\"", &hex) && literal(file, &at, ",") &&
		    member(file, &at, quoted, inner);
	}
	/* One spelling of the signature, so that no byte can be another and mean the same. */
	for (size_t i = 1; ok && i + 1 < hex.n; i++)
		ok = hex.p[i] < 'A' || hex.p[i] > 'F';
	if (!ok || !literal(file, &at, "}") || blanks(file, at) != file.n || hex.n != 130 ||
	    hex.p[0] != '"' ||
	    sr_hex_decode(signature, 64, (const char *)hex.p + 1, 128) != SR_OK)
		return SR_ERR_COLLATERAL_BAD;
	return SR_OK;
}

/* --- Fields --- */

/* All failures of one file meet here. */
struct fields { bool bad, no_memory; };

static const char *text(struct fields *f, const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	f->bad = f->bad || s == NULL;
	return s != NULL ? s : "";
}

static void hex(struct fields *f, uint8_t *out, size_t n, const json_t *o, const char *name)
{
	const char *s = text(f, o, name);

	if (strlen(s) != 2 * n || sr_hex_decode(out, n, s, 2 * n) != SR_OK)
		f->bad = true;
}

static uint32_t number(struct fields *f, const json_t *o, const char *name, uint32_t max)
{
	const json_t *v = json_object_get(o, name);
	json_int_t i = json_integer_value(v);

	if (!json_is_integer(v) || i < 0 || i > (json_int_t)max) {
		f->bad = true;
		return 0;
	}
	return (uint32_t)i;
}

static bool digits(const char *s, size_t n, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*out = *out * 10 + (uint32_t)(s[i] - '0');
	}
	return true;
}

/* "2025-08-13T00:00:00Z" to unix seconds (days from civil, proleptic Gregorian). */
static bool time_read(const char *s, uint64_t *out)
{
	uint32_t y, m, d, hh, mm, ss, era, doe;

	if (strlen(s) != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
	    s[16] != ':' || s[19] != 'Z')
		return false;
	if (!digits(s, 4, &y) || !digits(s + 5, 2, &m) || !digits(s + 8, 2, &d) ||
	    !digits(s + 11, 2, &hh) || !digits(s + 14, 2, &mm) || !digits(s + 17, 2, &ss))
		return false;
	if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31 || hh > 23 || mm > 59 || ss > 60)
		return false;
	y -= m <= 2;
	era = y / 400;
	doe = (y % 400) * 365 + (y % 400) / 4 - (y % 400) / 100 +
	    (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	*out = ((uint64_t)era * 146097 + doe - 719468) * 86400 + hh * 3600 + mm * 60 + ss;
	return true;
}

static uint64_t time_field(struct fields *f, const json_t *o, const char *name)
{
	uint64_t t = 0;

	if (!time_read(text(f, o, name), &t))
		f->bad = true;
	return t;
}

static enum attest_status status_field(struct fields *f, const json_t *o)
{
	const char *s = text(f, o, "tcbStatus");

	for (int i = ATTEST_UP_TO_DATE; i < ATTEST_NOT_SUPPORTED; i++)
		if (strcmp(s, attest_status_name((enum attest_status)i)) == 0)
			return (enum attest_status)i;
	f->bad = true;
	return ATTEST_NOT_SUPPORTED;
}

static void advisories(struct fields *f, struct attest_advisories *out, const json_t *level)
{
	const json_t *list = json_object_get(level, "advisoryIDs");
	size_t n = json_array_size(list);

	if ((list != NULL && !json_is_array(list)) || n > ATTEST_ADVISORIES_MAX) {
		f->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || strlen(s) >= ATTEST_ADVISORY_MAX) {
			f->bad = true;
			return;
		}
		memcpy(out->id[out->n++], s, strlen(s) + 1);
	}
}

/* --- Levels --- */

/* v2: sgxtcbcomp01svn ...; v3: a list of objects with svn. */
static void components(struct fields *f, uint8_t out[16], const json_t *tcb, const char *list_name)
{
	const json_t *list = json_object_get(tcb, list_name);

	if (!json_is_array(list) || json_array_size(list) != 16) {
		f->bad = true;
		return;
	}
	for (size_t i = 0; i < 16; i++)
		out[i] = (uint8_t)number(f, json_array_get(list, i), "svn", 255);
}

static void components_v2(struct fields *f, uint8_t out[16], const json_t *tcb)
{
	char name[] = "sgxtcbcomp01svn";

	for (unsigned i = 0; i < 16; i++) {
		name[10] = (char)('0' + (i + 1) / 10);
		name[11] = (char)('0' + (i + 1) % 10);
		out[i] = (uint8_t)number(f, tcb, name, 255);
	}
}

enum level_kind { LEVEL_ISV, LEVEL_SGX_V2, LEVEL_SGX, LEVEL_TDX };

static void level_read(
    struct fields *f, struct collateral_level *out, const json_t *level, enum level_kind kind)
{
	const json_t *tcb = json_object_get(level, "tcb");

	if (kind == LEVEL_SGX_V2)
		components_v2(f, out->sgx, tcb);
	else if (kind != LEVEL_ISV)
		components(f, out->sgx, tcb, "sgxtcbcomponents");
	if (kind == LEVEL_TDX)
		components(f, out->tdx, tcb, "tdxtcbcomponents");
	out->svn = (uint16_t)number(f, tcb, kind == LEVEL_ISV ? "isvsvn" : "pcesvn", 65535);
	out->status = status_field(f, level);
	out->date = time_field(f, level, "tcbDate");
	advisories(f, &out->advisories, level);
}

static void levels_read(
    struct fields *f, struct collateral_levels *out, const json_t *o, enum level_kind kind)
{
	const json_t *list = json_object_get(o, "tcbLevels");
	size_t n = json_array_size(list);

	if (!json_is_array(list) || n == 0 || n > COLLATERAL_LEVELS_MAX) {
		f->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		level_read(f, &out->at[out->n++], json_array_get(list, i), kind);
}

/* --- TCB info --- */

static void module_read(struct fields *f, struct collateral_module *out, const json_t *o)
{
	hex(f, out->mrsigner, sizeof out->mrsigner, o, "mrsigner");
	hex(f, out->attributes, sizeof out->attributes, o, "attributes");
	hex(f, out->attributes_mask, sizeof out->attributes_mask, o, "attributesMask");
}

static void modules_read(struct fields *f, struct collateral_tcb *out, const json_t *list)
{
	size_t n = json_array_size(list);

	if (list != NULL && (!json_is_array(list) || n > COLLATERAL_MODULES_MAX)) {
		f->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct collateral_module *m = &out->modules[out->modules_n];
		const json_t *o = json_array_get(list, i);
		const char *id = text(f, o, "id");

		if (strlen(id) != 6 || memcmp(id, "TDX_", 4) != 0 ||
		    sr_hex_decode(&m->version, 1, id + 4, 2) != SR_OK)
			f->bad = true;
		m->levels = calloc(1, sizeof *m->levels);
		if (m->levels == NULL) {
			f->no_memory = true;
			return;
		}
		out->modules_n++;
		module_read(f, m, o);
		levels_read(f, m->levels, o, LEVEL_ISV);
	}
}

static void tcb_fields(struct fields *f, struct collateral_tcb *out, const json_t *o)
{
	const char *id;

	out->version = number(f, o, "version", 3);
	id = out->version == 3 ? text(f, o, "id") : "SGX";
	out->tdx = strcmp(id, "TDX") == 0;
	if (out->version < 2 || (!out->tdx && strcmp(id, "SGX") != 0) ||
	    number(f, o, "tcbType", 0) != 0)
		f->bad = true;
	out->issued = time_field(f, o, "issueDate");
	out->next = time_field(f, o, "nextUpdate");
	out->evaluation = number(f, o, "tcbEvaluationDataNumber", INT32_MAX);
	hex(f, out->fmspc, sizeof out->fmspc, o, "fmspc");
	hex(f, out->pce_id, sizeof out->pce_id, o, "pceId");
	if (out->tdx) {
		out->module_known = true;
		module_read(f, &out->module, json_object_get(o, "tdxModule"));
		modules_read(f, out, json_object_get(o, "tdxModuleIdentities"));
	}
	levels_read(f, &out->levels, o,
	    out->tdx ? LEVEL_TDX : out->version == 3 ? LEVEL_SGX : LEVEL_SGX_V2);
}

static enum sr_error inner_load(json_t **out, struct sr_bytes inner)
{
	json_error_t error;

	*out = json_loadb((const char *)inner.p, inner.n, JSON_REJECT_DUPLICATES, &error);
	if (*out == NULL && json_error_code(&error) == json_error_out_of_memory)
		return SR_ERR_NO_MEMORY;
	return json_is_object(*out) ? SR_OK : SR_ERR_COLLATERAL_BAD;
}

enum sr_error collateral_tcb_read(struct collateral_tcb *out, struct sr_bytes inner)
{
	struct fields f = { false, false };
	json_t *o;
	enum sr_error err = inner_load(&o, inner);

	memset(out, 0, sizeof *out);
	if (err != SR_OK) {
		json_decref(o);
		return err;
	}
	tcb_fields(&f, out, o);
	json_decref(o);
	if (!f.bad && !f.no_memory)
		return SR_OK;
	collateral_tcb_clear(out);
	return f.no_memory ? SR_ERR_NO_MEMORY : SR_ERR_COLLATERAL_BAD;
}

void collateral_tcb_clear(struct collateral_tcb *self)
{
	for (size_t i = 0; i < self->modules_n; i++)
		free(self->modules[i].levels);
	self->modules_n = 0;
}

/* --- Quoting enclave --- */

enum sr_error collateral_qe_read(struct collateral_qe *out, struct sr_bytes inner)
{
	struct fields f = { false, false };
	const char *id;
	json_t *o;
	enum sr_error err = inner_load(&o, inner);

	memset(out, 0, sizeof *out);
	if (err != SR_OK) {
		json_decref(o);
		return err;
	}
	id = text(&f, o, "id");
	out->td = strcmp(id, "TD_QE") == 0;
	if ((!out->td && strcmp(id, "QE") != 0) || number(&f, o, "version", 2) != 2)
		f.bad = true;
	out->issued = time_field(&f, o, "issueDate");
	out->next = time_field(&f, o, "nextUpdate");
	out->evaluation = number(&f, o, "tcbEvaluationDataNumber", INT32_MAX);
	hex(&f, out->miscselect, sizeof out->miscselect, o, "miscselect");
	hex(&f, out->miscselect_mask, sizeof out->miscselect_mask, o, "miscselectMask");
	hex(&f, out->attributes, sizeof out->attributes, o, "attributes");
	hex(&f, out->attributes_mask, sizeof out->attributes_mask, o, "attributesMask");
	hex(&f, out->mrsigner, sizeof out->mrsigner, o, "mrsigner");
	out->isv_prod_id = (uint16_t)number(&f, o, "isvprodid", 65535);
	levels_read(&f, &out->levels, o, LEVEL_ISV);
	json_decref(o);
	return f.bad ? SR_ERR_COLLATERAL_BAD : SR_OK;
}

/* --- JSON Web Keys --- */

static int base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Without padding (RFC 7515), canonical. */
static bool base64url(uint8_t *out, size_t *n, size_t max, const char *text)
{
	uint32_t bits = 0, have = 0;

	*n = 0;
	for (; *text != '\0'; text++) {
		int d = base64url_digit(*text);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have < 8)
			continue;
		if (*n == max)
			return false;
		have -= 8;
		out[(*n)++] = (uint8_t)(bits >> have);
		bits &= (1u << have) - 1;
	}
	return have < 6 && bits == 0;
}

enum sr_error collateral_jwk_rsa(uint8_t *modulus, size_t *modulus_n, size_t modulus_max,
    uint8_t *exponent, size_t *exponent_n, size_t exponent_max, struct sr_bytes json,
    const char *kid)
{
	json_t *o, *keys, *key;
	struct fields f = { false, false };
	size_t i, found = 0;
	enum sr_error err = inner_load(&o, json);

	keys = json_object_get(o, "keys");
	json_array_foreach(keys, i, key) {
		const char *id = json_string_value(json_object_get(key, "kid"));

		if (id == NULL || strcmp(id, kid) != 0)
			continue;
		found++;
		if (strcmp(text(&f, key, "kty"), "RSA") != 0 ||
		    !base64url(modulus, modulus_n, modulus_max, text(&f, key, "n")) ||
		    !base64url(exponent, exponent_n, exponent_max, text(&f, key, "e")))
			f.bad = true;
	}
	json_decref(o);
	if (sr_error_is_shortage(err))
		return err;
	return found == 1 && !f.bad ? SR_OK : SR_ERR_EVIDENCE_FORMAT;
}
