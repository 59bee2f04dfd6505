#include "cli/policy_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/cli.h"

/* --- Keys that are one number --- */

enum form { COUNT, NUMBER, SPAN, SECONDS, TRUTH };
static const struct row { const char *name; enum form form; size_t at; } rows[] = {
	{ "number", NUMBER, offsetof(struct attest_policy, number) },
	{ "evaluation_min", COUNT, offsetof(struct attest_policy, evaluation_min) },
	{ "tcb_date_min", SECONDS, offsetof(struct attest_policy, tcb_date_min_s) },
	{ "collateral_age_max", SPAN, offsetof(struct attest_policy, collateral_age_max_ms) },
	{ "reattest", SPAN, offsetof(struct attest_policy, reattest_ms) },
	{ "lapse", SPAN, offsetof(struct attest_policy, lapse_ms) },
	{ "measurement_delay", SPAN, offsetof(struct attest_policy, measurement_delay_ms) },
	{ "per_operator_max", COUNT, offsetof(struct attest_policy, per_operator_max) },
	{ "per_platform_max", COUNT, offsetof(struct attest_policy, per_platform_max) },
	{ "operators_open", TRUTH, offsetof(struct attest_policy, operators_open) },
	{ "provisioners_k", COUNT, offsetof(struct attest_policy, provisioners_k) },
	{ "refresh", SPAN, offsetof(struct attest_policy, refresh_ms) },
	{ "refresh_min", SPAN, offsetof(struct attest_policy, refresh_min_ms) },
	{ "window", SPAN, offsetof(struct attest_policy, window_ms) },
	{ "silence", SPAN, offsetof(struct attest_policy, silence_ms) },
};
#define ROWS (sizeof rows / sizeof rows[0])

static const char *const products[] = { "milan", "genoa", "turin" };
static const char *const svns[] = { "boot_loader", "tee", "snp", "microcode", "fmc" };

struct parse { struct attest_policy *p; char *error; };

/* The first mistake is kept. where is a key, or part of one as list[3].key. */
__attribute__((format(printf, 2, 3)))
static bool wrong(struct parse *self, const char *format, ...)
{
	va_list args;

	if (self->error[0] == '\0') {
		va_start(args, format);
		vsnprintf(self->error, POLICY_JSON_ERROR, format, args);
		va_end(args);
	}
	return false;
}

/* --- Values --- */

static bool number_of(struct parse *self, uint64_t *out, const json_t *v, const char *where,
    uint64_t most)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    (uint64_t)json_integer_value(v) > most)
		return wrong(self, "%s: not a whole number up to %" PRIu64, where, most);
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static bool span_of(struct parse *self, uint64_t *out, const json_t *v, const char *where)
{
	if (!json_is_string(v) || cli_parse_duration(out, json_string_value(v)) != SR_OK)
		return wrong(
		    self, "%s: not a time like \"30d\", \"12h\", \"15m\" or \"0s\"", where);
	return true;
}

/* Unix milliseconds; a number, or text of a date. */
static bool time_of(struct parse *self, uint64_t *out, const json_t *v, const char *where)
{
	if (json_is_integer(v))
		return number_of(self, out, v, where, 253402300799999u);
	if (!json_is_string(v) || json_string_value(v)[0] == '+' ||
	    cli_parse_time(out, json_string_value(v), 0) != SR_OK)
		return wrong(self, "%s: not a time like \"2027-01-31\" or "
		    "\"2027-01-31T12:00:00Z\"", where);
	return true;
}

static bool hex_of(struct parse *self, uint8_t *out, size_t n, const json_t *v, const char *where)
{
	const char *text = json_is_string(v) ? json_string_value(v) : "";

	if (strncmp(text, "ed25519:", 8) == 0 && n == 32)
		text += 8;
	if (sr_hex_decode(out, n, text, strlen(text)) != SR_OK)
		return wrong(self, "%s: not %zu hexadecimal digits", where, 2 * n);
	return true;
}

static bool row_parse(struct parse *self, const struct row *row, const json_t *v)
{
	uint8_t *at = (uint8_t *)self->p + row->at;
	uint64_t n = 0;
	uint32_t n32;
	bool ok = false, truth = json_is_true(v);

	switch (row->form) {
	case TRUTH:
		if (!json_is_boolean(v))
			return wrong(self, "%s: not true or false", row->name);
		memcpy(at, &truth, sizeof truth);
		return true;
	case COUNT:
		ok = number_of(self, &n, v, row->name, UINT32_MAX);
		n32 = (uint32_t)n;
		memcpy(at, &n32, sizeof n32);
		return ok;
	case NUMBER: ok = number_of(self, &n, v, row->name, INT64_MAX); break;
	case SPAN: ok = span_of(self, &n, v, row->name); break;
	case SECONDS:
		ok = time_of(self, &n, v, row->name);
		n /= 1000;
		break;
	}
	memcpy(at, &n, sizeof n);
	return ok;
}

/* --- Lists --- */

static int compare32(const void *a, const void *b) { return memcmp(a, b, 32); }

static int compare_advisory(const void *a, const void *b)
{
	return memcmp(a, b, ATTEST_FACTS_ADVISORY_MAX);
}

static int compare_measurement(const void *a, const void *b)
{
	const struct attest_policy_measurement *x = a, *y = b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1)
				  : memcmp(x->measurement, y->measurement, sizeof x->measurement);
}

static bool list_is(struct parse *self, const json_t *v, const char *name, size_t most)
{
	if (!json_is_array(v))
		return wrong(self, "%s: not a list", name);
	if (json_array_size(v) > most)
		return wrong(self, "%s: more than %zu", name, most);
	return true;
}

/* Sorted; twice the same is a mistake. */
static bool sorted(struct parse *self, void *items, size_t n, size_t size, const char *name,
    int (*compare)(const void *, const void *))
{
	const uint8_t *p = items;

	qsort(items, n, size, compare);
	for (size_t i = 1; i < n; i++)
		if (compare(p + (i - 1) * size, p + i * size) == 0)
			return wrong(self, "%s: the same twice", name);
	return true;
}

static bool hashes_parse(struct parse *self, void *out, uint32_t *n, size_t most, const json_t *v,
    const char *name)
{
	char where[64];
	uint8_t *p = out;

	if (!list_is(self, v, name, most))
		return false;
	memset(out, 0, most * 32);
	*n = (uint32_t)json_array_size(v);
	for (size_t i = 0; i < *n; i++) {
		snprintf(where, sizeof where, "%s[%zu]", name, i);
		if (!hex_of(self, p + 32 * i, 32, json_array_get(v, i), where))
			return false;
	}
	return sorted(self, out, *n, 32, name, compare32);
}

/* A list of names to a mask. */
static bool names_parse(struct parse *self, uint32_t *mask, const json_t *v, const char *name,
    const char *(*name_of)(unsigned), unsigned last)
{
	if (!list_is(self, v, name, last))
		return false;
	*mask = 0;
	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *text = json_string_value(json_array_get(v, i));
		unsigned k = 1;

		while (k <= last && (text == NULL || strcmp(name_of(k), text) != 0))
			k++;
		if (k > last)
			return wrong(self, "%s[%zu]: there is no %s", name, i,
			    text != NULL ? text : "such thing");
		*mask |= 1u << k;
	}
	return true;
}

static bool advisories_parse(struct parse *self, const json_t *v)
{
	struct attest_policy *p = self->p;

	if (!list_is(self, v, "advisories", ATTEST_POLICY_ADVISORIES_MAX))
		return false;
	memset(p->advisories, 0, sizeof p->advisories);
	p->advisories_n = (uint32_t)json_array_size(v);
	for (size_t i = 0; i < p->advisories_n; i++) {
		const char *text = json_string_value(json_array_get(v, i));

		if (text == NULL || strlen(text) >= ATTEST_FACTS_ADVISORY_MAX)
			return wrong(self, "advisories[%zu]: not the name of an advisory", i);
		memcpy(p->advisories[i], text, strlen(text));
		if (!attest_advisory_valid(p->advisories[i]))
			return wrong(self, "advisories[%zu]: not the name of an advisory", i);
	}
	return sorted(self, p->advisories, p->advisories_n, sizeof p->advisories[0], "advisories",
	    compare_advisory);
}

static bool measurement_member(struct parse *self, struct attest_policy_measurement *m, size_t i,
    const char *key, const json_t *v)
{
	char where[64];

	snprintf(where, sizeof where, "measurements[%zu].%s", i, key);
	if (strcmp(key, "kind") == 0)
		return true;                 /* was read first */
	if (strcmp(key, "measurement") == 0)
		return hex_of(self, m->measurement, m->measurement_n, v, where);
	if (strcmp(key, "from") == 0)
		return time_of(self, &m->from_ms, v, where);
	if (strcmp(key, "until") == 0)
		return time_of(self, &m->until_ms, v, where);
	return wrong(self, "%s: there is no such key", where);
}

static bool measurement_parse(struct parse *self, size_t i, json_t *v)
{
	struct attest_policy_measurement *m = &self->p->measurements[i];
	const char *kind = json_string_value(json_object_get(v, "kind")), *key;
	json_t *value;

	if (!json_is_object(v))
		return wrong(self, "measurements[%zu]: not an object", i);
	if (kind == NULL || !attest_kind_parse(&m->kind, kind))
		return wrong(self, "measurements[%zu].kind: no kind of evidence", i);
	m->measurement_n = attest_kind_measurement_n(m->kind);
	if (json_object_get(v, "measurement") == NULL)
		return wrong(self, "measurements[%zu].measurement: missing", i);
	json_object_foreach(v, key, value)
		if (!measurement_member(self, m, i, key, value))
			return false;
	return true;
}

static bool measurements_parse(struct parse *self, const json_t *v)
{
	struct attest_policy *p = self->p;

	if (!list_is(self, v, "measurements", ATTEST_POLICY_MEASUREMENTS_MAX))
		return false;
	memset(p->measurements, 0, sizeof p->measurements);
	p->measurements_n = (uint32_t)json_array_size(v);
	for (size_t i = 0; i < p->measurements_n; i++)
		if (!measurement_parse(self, i, json_array_get(v, i)))
			return false;
	return sorted(self, p->measurements, p->measurements_n, sizeof p->measurements[0],
	    "measurements", compare_measurement);
}

static size_t index_of(const char *const *names, size_t n, const char *text)
{
	size_t i = 0;

	while (i < n && strcmp(names[i], text) != 0)
		i++;
	return i;
}

static bool snp_parse(struct parse *self, json_t *v)
{
	const char *product, *svn;
	char where[64];
	json_t *of, *value;

	if (!json_is_object(v))
		return wrong(self, "snp_min: not an object");
	memset(self->p->snp_min, 0, sizeof self->p->snp_min);
	json_object_foreach(v, product, of) {
		size_t i = index_of(products, ATTEST_PRODUCTS, product);

		if (i == ATTEST_PRODUCTS || !json_is_object(of))
			return wrong(self, "snp_min.%.24s: milan, genoa and turin are", product);
		json_object_foreach(of, svn, value) {
			size_t k = index_of(svns, ATTEST_SVNS, svn);
			uint64_t n;

			snprintf(where, sizeof where, "snp_min.%s.%.24s", product, svn);
			if (k == ATTEST_SVNS)
				return wrong(self, "%s: there is no such key", where);
			if (!number_of(self, &n, value, where, 255))
				return false;
			self->p->snp_min[i][k] = (uint8_t)n;
		}
	}
	return true;
}

/* --- The whole --- */

static bool member_parse(struct parse *self, const char *key, json_t *v)
{
	struct attest_policy *p = self->p;

	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, key) == 0)
			return row_parse(self, &rows[i], v);
	if (strcmp(key, "kinds") == 0)
		return names_parse(self, &p->kinds, v, key, attest_kind_name, ATTEST_KINDS);
	if (strcmp(key, "statuses") == 0)
		return names_parse(self, &p->statuses, v, key, attest_status_name, ATTEST_STATUSES);
	if (strcmp(key, "snp_min") == 0)
		return snp_parse(self, v);
	if (strcmp(key, "operators") == 0)
		return hashes_parse(self, p->operators, &p->operators_n,
		    ATTEST_POLICY_OPERATORS_MAX, v, key);
	if (strcmp(key, "makers") == 0)
		return hashes_parse(
		    self, p->makers, &p->makers_n, ATTEST_POLICY_MAKERS_MAX, v, key);
	if (strcmp(key, "provisioners") == 0)
		return hashes_parse(self, p->provisioners, &p->provisioners_n,
		    ATTEST_POLICY_PROVISIONERS_MAX, v, key);
	if (strcmp(key, "measurements") == 0)
		return measurements_parse(self, v);
	if (strcmp(key, "advisories") == 0)
		return advisories_parse(self, v);
	return wrong(self, "%.64s: there is no such key", key);
}

enum sr_error policy_json_parse(struct attest_policy *policy, char error[POLICY_JSON_ERROR],
    const char *text, size_t n)
{
	struct attest_policy p = *policy;
	struct parse self = { &p, error };
	json_error_t at;
	json_t *root =
	    n <= POLICY_JSON_MAX ? json_loadb(text, n, JSON_REJECT_DUPLICATES, &at) : NULL;
	json_t *value;
	const char *key;
	enum sr_error err;

	error[0] = '\0';
	if (!json_is_object(root)) {
		if (n > POLICY_JSON_MAX || root != NULL)
			wrong(&self, "not a JSON object of at most %u bytes", POLICY_JSON_MAX);
		else
			wrong(&self, "line %d: %s", at.line, at.text);
		json_decref(root);
		return SR_ERR_BAD_SYNTAX;
	}
	json_object_foreach(root, key, value)
		if (!member_parse(&self, key, value))
			break;
	json_decref(root);
	if (error[0] != '\0')
		return SR_ERR_BAD_SYNTAX;
	err = attest_policy_check(&p);
	if (err != SR_OK)
		wrong(&self, "as a whole: %s", sr_error_message(err));
	else
		*policy = p;
	return err;
}

/* --- Writing --- */

static json_t *span_json(uint64_t ms)
{
	static const struct { const char *unit; uint64_t ms; } units[] = { { "d", 86400000 },
		{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	return json_sprintf("%" PRIu64 "%s", ms / units[i].ms, ms == 0 ? "s" : units[i].unit);
}

/* A date where one says it exactly, else milliseconds. */
static json_t *time_json(uint64_t ms)
{
	char text[CLI_TIME_TEXT];

	if (ms == 0 || ms % 1000 != 0)
		return json_integer((json_int_t)ms);
	cli_time_text(text, ms);             /* 2027-01-31 12:00:00 UTC */
	text[10] = 'T';
	memcpy(text + 19, "Z", 2);
	return json_string(text);
}

static json_t *hex_json(const uint8_t *p, size_t n)
{
	char text[2 * 48 + 1];

	sr_hex_encode(text, p, n);
	return json_string(text);
}

static json_t *hashes_json(const void *items, size_t n)
{
	json_t *list = json_array();
	const uint8_t *p = items;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, hex_json(p + 32 * i, 32));
	return list;
}

static json_t *names_json(uint32_t mask, const char *(*name_of)(unsigned), unsigned last)
{
	json_t *list = json_array();

	for (unsigned i = 1; i <= last; i++)
		if ((mask >> i & 1u) != 0)
			json_array_append_new(list, json_string(name_of(i)));
	return list;
}

static json_t *row_json(const struct attest_policy *p, const struct row *row)
{
	const uint8_t *at = (const uint8_t *)p + row->at;
	uint64_t n = 0;
	uint32_t n32 = 0;

	if (row->form == TRUTH)
		return json_boolean(p->operators_open);
	if (row->form == COUNT) {
		memcpy(&n32, at, sizeof n32);
		return json_integer(n32);
	}
	memcpy(&n, at, sizeof n);
	return row->form == SPAN ? span_json(n)
	    : row->form == SECONDS ? time_json(n * 1000) : json_integer((json_int_t)n);
}

static json_t *measurements_json(const struct attest_policy *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->measurements_n; i++) {
		const struct attest_policy_measurement *m = &p->measurements[i];
		json_t *o = json_object();

		json_object_set_new(o, "kind", json_string(attest_kind_name(m->kind)));
		json_object_set_new(o, "measurement", hex_json(m->measurement, m->measurement_n));
		json_object_set_new(o, "from", time_json(m->from_ms));
		if (m->until_ms != 0)
			json_object_set_new(o, "until", time_json(m->until_ms));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *snp_json(const struct attest_policy *p)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ATTEST_PRODUCTS; i++) {
		json_t *product = json_object();

		for (size_t k = 0; k < ATTEST_SVNS; k++)
			if (p->snp_min[i][k] != 0)
				json_object_set_new(
				    product, svns[k], json_integer(p->snp_min[i][k]));
		json_object_set_new(o, products[i], product);
	}
	return o;
}

void policy_json_write(struct sr_writer *w, const struct attest_policy *p)
{
	json_t *o = json_object(), *advisories = json_array();
	char *text;

	for (uint32_t i = 0; i < p->advisories_n; i++)
		json_array_append_new(advisories, json_string(p->advisories[i]));
	for (size_t i = 0; i < ROWS; i++)
		json_object_set_new(o, rows[i].name, row_json(p, &rows[i]));
	json_object_set_new(o, "kinds", names_json(p->kinds, attest_kind_name, ATTEST_KINDS));
	json_object_set_new(
	    o, "statuses", names_json(p->statuses, attest_status_name, ATTEST_STATUSES));
	json_object_set_new(o, "snp_min", snp_json(p));
	json_object_set_new(o, "measurements", measurements_json(p));
	json_object_set_new(o, "advisories", advisories);
	json_object_set_new(o, "operators", hashes_json(p->operators, p->operators_n));
	json_object_set_new(o, "makers", hashes_json(p->makers, p->makers_n));
	json_object_set_new(o, "provisioners", hashes_json(p->provisioners, p->provisioners_n));
	text = json_dumps(o, JSON_INDENT(2));
	if (text == NULL)
		sr_writer_fail(w, SR_ERR_NO_MEMORY);
	else
		sr_write_copy(w, (const uint8_t *)text, strlen(text));
	sr_write_u8(w, '\n');
	free(text);
	json_decref(o);
}
