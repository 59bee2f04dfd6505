/* The text form of policies: a recursive-descent parser and the printer of the canonical text. */
#include "vault/policy.h"

#include <string.h>

#include "base/hex.h"

#define DAY_MS 86400000ull
/* Brackets may stand where none are needed; this bounds the parser's recursion, not the policy. */
#define NESTING_MAX 64u
/* Enough for any legal policy: each group that is merged away has two operands that stay. */
#define SCRATCH_MAX (2u * VAULT_POLICY_NODES_MAX)
#define NONE 0xffffu

struct scratch_node {
	struct vault_policy_node node;   /* links index the scratch nodes here, NONE = none */
	uint16_t last_child;
	size_t at;
};

struct parser {
	const char *text;
	size_t n, at;
	uint32_t nesting, nodes_n;
	enum sr_error error;
	size_t error_at;
	struct scratch_node nodes[SCRATCH_MAX];
};

static uint16_t parse_any(struct parser *self);

static uint16_t fail_at(struct parser *self, size_t at, enum sr_error error)
{
	if (self->error == SR_OK) {
		self->error = error;
		self->error_at = at;
	}
	return NONE;
}

/* --- words and numbers --- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

static char peek(const struct parser *self)
{
	return self->at < self->n ? self->text[self->at] : '\0';
}

static void skip_space(struct parser *self)
{
	while (peek(self) == ' ' || peek(self) == '\t' || peek(self) == '\n' || peek(self) == '\r')
		self->at++;
}

static void expect(struct parser *self, char c)
{
	skip_space(self);
	if (self->error != SR_OK)
		return;
	if (self->at < self->n && self->text[self->at] == c)
		self->at++;
	else
		fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
}

/* The run of letters here, without taking it. */
static size_t word_length(const struct parser *self)
{
	size_t n = 0;

	while (self->at + n < self->n && is_letter(self->text[self->at + n]))
		n++;
	return n;
}

static bool take_word(struct parser *self, const char *word)
{
	size_t n = word_length(self);

	if (n != strlen(word) || memcmp(self->text + self->at, word, n) != 0)
		return false;
	self->at += n;
	return true;
}

static uint64_t parse_number(struct parser *self, uint64_t least, uint64_t most)
{
	size_t start;
	uint64_t v = 0;

	skip_space(self);
	start = self->at;
	if (!is_digit(peek(self)))
		fail_at(self, start, SR_ERR_BAD_SYNTAX);
	for (; is_digit(peek(self)); self->at++) {
		unsigned digit = (unsigned)(peek(self) - '0');

		if (v > (UINT64_MAX - digit) / 10)
			fail_at(self, start, SR_ERR_OUT_OF_RANGE);
		else
			v = v * 10 + digit;
	}
	if (v < least || v > most)
		fail_at(self, start, SR_ERR_OUT_OF_RANGE);
	return v;
}

/* --- times and spans --- */

/* Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, days_from_civil). */
static uint64_t days_of_date(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month <= 2 ? year - 1 : year;
	uint64_t year_of_era = y % 400;
	uint64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return y / 400 * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year - 719468;
}

static void date_of_days(uint64_t days, uint64_t *year, uint64_t *month, uint64_t *day)
{
	uint64_t z = days + 719468, day_of_era = z % 146097;
	uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	uint64_t day_of_year = day_of_era
	    - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t shifted = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = z / 146097 * 400 + year_of_era + (*month <= 2 ? 1 : 0);
}

static uint64_t month_days(uint64_t year, uint64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `digits` digits here, of a value in least..most. */
static uint64_t parse_field(struct parser *self, unsigned digits, uint64_t least, uint64_t most)
{
	size_t start = self->at;
	uint64_t v = 0;

	for (unsigned i = 0; i < digits; i++, self->at++) {
		if (!is_digit(peek(self))) {
			fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
			return least;
		}
		v = v * 10 + (unsigned)(peek(self) - '0');
	}
	if (v < least || v > most) {
		fail_at(self, start, SR_ERR_OUT_OF_RANGE);
		return least;
	}
	return v;
}

static void parse_separator(struct parser *self, char c)
{
	if (self->at < self->n && self->text[self->at] == c)
		self->at++;
	else
		fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
}

static uint64_t parse_date(struct parser *self)
{
	uint64_t year, month, day, ms;

	year = parse_field(self, 4, 1970, 9999);
	parse_separator(self, '-');
	month = parse_field(self, 2, 1, 12);
	parse_separator(self, '-');
	day = parse_field(self, 2, 1, month_days(year, month));
	ms = days_of_date(year, month, day) * DAY_MS;
	if (peek(self) != 'T')
		return ms;
	parse_separator(self, 'T');
	ms += parse_field(self, 2, 0, 23) * 3600000;
	parse_separator(self, ':');
	ms += parse_field(self, 2, 0, 59) * 60000;
	parse_separator(self, ':');
	ms += parse_field(self, 2, 0, 59) * 1000;
	parse_separator(self, 'Z');
	return ms;
}

static uint64_t parse_time(struct parser *self)
{
	size_t digits = 0;

	skip_space(self);
	while (self->at + digits < self->n && is_digit(self->text[self->at + digits]))
		digits++;
	if (self->at + digits < self->n && self->text[self->at + digits] == '-')
		return parse_date(self);
	return parse_number(self, 0, VAULT_POLICY_TIME_MAX_MS);
}

static const struct {
	const char *name;
	uint64_t ms;
} units[] = { { "d", DAY_MS }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };
#define UNITS_N (sizeof units / sizeof units[0])

static uint64_t parse_duration(struct parser *self)
{
	size_t start;
	uint64_t v;

	skip_space(self);
	start = self->at;
	v = parse_number(self, 1, VAULT_SPAN_MAX_MS);
	for (size_t i = 0; i < UNITS_N; i++) {
		if (!take_word(self, units[i].name))
			continue;
		if (v > VAULT_SPAN_MAX_MS / units[i].ms)
			fail_at(self, start, SR_ERR_OUT_OF_RANGE);
		return v * units[i].ms;
	}
	fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
	return 1;
}

/* --- nodes --- */

static uint16_t node_new(struct parser *self, enum vault_policy_kind kind, size_t at)
{
	struct scratch_node *made;

	if (self->error != SR_OK)
		return NONE;
	if (self->nodes_n == SCRATCH_MAX)
		return fail_at(self, at, SR_ERR_POLICY_TOO_LARGE);
	made = &self->nodes[self->nodes_n];
	memset(made, 0, sizeof *made);
	made->node.kind = kind;
	made->node.first_child = made->node.next_sibling = made->last_child = NONE;
	made->at = at;
	return (uint16_t)self->nodes_n++;
}

/* A child of its parent's own kind (ALL in ALL, ANY in ANY) is merged into it. */
static void node_add(struct parser *self, uint16_t parent, uint16_t child)
{
	struct scratch_node *up, *down;
	bool merge;
	uint16_t first, last;

	if (self->error != SR_OK || parent == NONE || child == NONE)
		return;
	up = &self->nodes[parent];
	down = &self->nodes[child];
	merge = up->node.kind == down->node.kind &&
	    (up->node.kind == VAULT_POLICY_ALL || up->node.kind == VAULT_POLICY_ANY);
	first = merge ? down->node.first_child : child;
	last = merge ? down->last_child : child;
	if (up->last_child == NONE)
		up->node.first_child = first;
	else
		self->nodes[up->last_child].node.next_sibling = first;
	up->last_child = last;
	up->node.children_n = (uint16_t)(up->node.children_n + (merge ? down->node.children_n : 1));
}

static void parse_account(struct parser *self, struct vault_account *account)
{
	size_t start, n = 0;

	skip_space(self);
	start = self->at;
	while (start + n < self->n && self->text[start + n] != ')' && self->text[start + n] > ' ')
		n++;
	if (vault_account_parse(account, self->text + start, n) != SR_OK ||
	    account->kind == VAULT_ACCOUNT_NONE)
		fail_at(self, start, SR_ERR_BAD_SYNTAX);
	self->at += n;
}

static void parse_switch(struct parser *self, struct vault_policy_node *node)
{
	static const enum vault_switch_state states[] = { VAULT_SWITCH_ARMED, VAULT_SWITCH_WARN,
		VAULT_SWITCH_PENDING, VAULT_SWITCH_FIRED, VAULT_SWITCH_PAUSED,
		VAULT_SWITCH_CANCELLED };

	node->number = parse_number(self, 0, UINT64_MAX);
	expect(self, ',');
	skip_space(self);
	for (size_t i = 0; i < sizeof states / sizeof states[0] && node->state == 0; i++)
		if (take_word(self, vault_switch_state_name(states[i])))
			node->state = states[i];
	if (node->state == 0)
		fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
	skip_space(self);
	if (node->state == VAULT_SWITCH_FIRED && peek(self) == ',') {
		self->at++;
		node->stage = (uint32_t)parse_number(self, 1, VAULT_HEIRS_MAX);
	}
}

/* Intel spells its statuses with capitals: a word of letters of both cases. */
static uint32_t parse_status(struct parser *self)
{
	size_t n = 0;
	const char *word;

	skip_space(self);
	word = self->text + self->at;
	while (self->at + n < self->n && ((word[n] >= 'a' && word[n] <= 'z') ||
	    (word[n] >= 'A' && word[n] <= 'Z')))
		n++;
	for (unsigned s = ATTEST_UP_TO_DATE; s <= VAULT_POLICY_STATUS_WORST; s++) {
		const char *name = attest_status_name(s);

		if (strlen(name) == n && memcmp(word, name, n) == 0) {
			self->at += n;
			return s;
		}
	}
	fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
	return ATTEST_UP_TO_DATE;
}

static void parse_attested(struct parser *self, struct vault_policy_node *node)
{
	size_t start, n = 0;

	skip_space(self);
	start = self->at;
	while (start + n < self->n && self->text[start + n] != ')' && self->text[start + n] != ','
	    && self->text[start + n] > ' ')
		n++;
	if (!vault_measurement_size(n / 2) ||
	    sr_hex_decode(node->measurement, n / 2, self->text + start, n) != SR_OK) {
		fail_at(self, start, SR_ERR_BAD_SYNTAX);
		return;
	}
	node->measurement_n = (uint8_t)(n / 2);
	node->state = ATTEST_UP_TO_DATE;
	self->at += n;
	skip_space(self);
	if (peek(self) == ',') {
		self->at++;
		node->state = parse_status(self);
	}
}

static void parse_operand(struct parser *self, struct vault_policy_node *node)
{
	switch (node->kind) {
	case VAULT_POLICY_HOLDER:
		node->number = parse_number(self, 1, UINT64_MAX);
		return;
	case VAULT_POLICY_HEIR:
		node->number = parse_number(self, 0, UINT64_MAX);
		return;
	case VAULT_POLICY_ACCOUNT:
		parse_account(self, &node->account);
		return;
	case VAULT_POLICY_AFTER:
	case VAULT_POLICY_BEFORE:
		node->number = parse_time(self);
		return;
	case VAULT_POLICY_HELD_FOR:
		node->number = parse_duration(self);
		return;
	case VAULT_POLICY_SWITCH:
		parse_switch(self, node);
		return;
	case VAULT_POLICY_ATTESTED:
		parse_attested(self, node);
		return;
	case VAULT_POLICY_ALL:
	case VAULT_POLICY_ANY:
	case VAULT_POLICY_K_OF:
	case VAULT_POLICY_NOT:
		break;
	}
	fail_at(self, self->at, SR_ERR_INTERNAL);
}

static const struct {
	const char *name;
	enum vault_policy_kind kind;
} leaves[] = {
	{ "holder", VAULT_POLICY_HOLDER },
	{ "account", VAULT_POLICY_ACCOUNT },
	{ "heir", VAULT_POLICY_HEIR },
	{ "switch", VAULT_POLICY_SWITCH },
	{ "after", VAULT_POLICY_AFTER },
	{ "before", VAULT_POLICY_BEFORE },
	{ "held_for", VAULT_POLICY_HELD_FOR },
	{ "attested", VAULT_POLICY_ATTESTED },
};
#define LEAVES_N (sizeof leaves / sizeof leaves[0])

static uint16_t parse_leaf(struct parser *self)
{
	size_t start = self->at;

	for (size_t i = 0; i < LEAVES_N; i++) {
		uint16_t leaf;

		if (!take_word(self, leaves[i].name))
			continue;
		leaf = node_new(self, leaves[i].kind, start);
		expect(self, '(');
		if (self->error != SR_OK || leaf == NONE)
			return NONE;
		parse_operand(self, &self->nodes[leaf].node);
		expect(self, ')');
		return leaf;
	}
	return fail_at(self, start, SR_ERR_BAD_SYNTAX);
}

static uint16_t parse_k_of(struct parser *self)
{
	size_t start = self->at;
	uint64_t k = parse_number(self, 1, VAULT_POLICY_NODES_MAX);
	uint16_t group = node_new(self, VAULT_POLICY_K_OF, start);

	skip_space(self);
	if (self->error != SR_OK || group == NONE)
		return NONE;
	if (!take_word(self, "of"))
		return fail_at(self, self->at, SR_ERR_BAD_SYNTAX);
	expect(self, '(');
	node_add(self, group, parse_any(self));
	for (skip_space(self); self->error == SR_OK && peek(self) == ','; skip_space(self)) {
		self->at++;
		node_add(self, group, parse_any(self));
	}
	expect(self, ')');
	if (self->error == SR_OK && k > self->nodes[group].node.children_n)
		return fail_at(self, start, SR_ERR_OUT_OF_RANGE);
	self->nodes[group].node.number = k;
	return group;
}

static uint16_t parse_not(struct parser *self, size_t start);

static uint16_t parse_primary(struct parser *self)
{
	uint16_t inner;

	skip_space(self);
	if (self->error != SR_OK)
		return NONE;
	if (self->nesting == NESTING_MAX)
		return fail_at(self, self->at, SR_ERR_POLICY_TOO_DEEP);
	self->nesting++;
	if (peek(self) == '(') {
		self->at++;
		inner = parse_any(self);
		expect(self, ')');
	} else if (is_digit(peek(self))) {
		inner = parse_k_of(self);
	} else {
		size_t start = self->at;

		inner = take_word(self, "not") ? parse_not(self, start) : parse_leaf(self);
	}
	self->nesting--;
	return inner;
}

static uint16_t parse_not(struct parser *self, size_t start)
{
	uint16_t negation = node_new(self, VAULT_POLICY_NOT, start);

	node_add(self, negation, parse_primary(self));
	return negation;
}

/* One operand, or a group of several with the word between them. */
static uint16_t parse_group(struct parser *self, enum vault_policy_kind kind, const char *word,
    uint16_t (*operand)(struct parser *self))
{
	uint16_t first, group = NONE;
	size_t start;

	skip_space(self);
	start = self->at;
	first = operand(self);
	for (skip_space(self); self->error == SR_OK && take_word(self, word); skip_space(self)) {
		if (group == NONE) {
			group = node_new(self, kind, start);
			node_add(self, group, first);
		}
		node_add(self, group, operand(self));
	}
	return group == NONE ? first : group;
}

static uint16_t parse_all(struct parser *self)
{
	return parse_group(self, VAULT_POLICY_ALL, "and", parse_primary);
}

static uint16_t parse_any(struct parser *self)
{
	return parse_group(self, VAULT_POLICY_ANY, "or", parse_all);
}

/* Copies the tree in prefix order and checks its limits: the leftmost excess is the one named. */
static uint16_t place(struct parser *self, struct vault_policy *p, uint16_t from, uint32_t depth)
{
	const struct scratch_node *scratch = &self->nodes[from];
	uint16_t to = (uint16_t)p->nodes_n, *link;

	if (depth > VAULT_POLICY_DEPTH_MAX)
		fail_at(self, scratch->at, SR_ERR_POLICY_TOO_DEEP);
	else if (p->nodes_n == VAULT_POLICY_NODES_MAX)
		fail_at(self, scratch->at, SR_ERR_POLICY_TOO_LARGE);
	if (self->error != SR_OK)
		return 0;
	p->nodes_n++;
	p->nodes[to] = scratch->node;
	p->nodes[to].first_child = p->nodes[to].next_sibling = 0;
	link = &p->nodes[to].first_child;
	for (uint16_t c = scratch->node.first_child; c != NONE && self->error == SR_OK;
	    c = self->nodes[c].node.next_sibling) {
		*link = place(self, p, c, depth + 1);
		link = &p->nodes[*link].next_sibling;
	}
	return to;
}

enum sr_error vault_policy_parse(
    struct vault_policy *p, size_t *error_at, const char *text, size_t n)
{
	struct parser self = { .text = text, .n = n };
	uint16_t root;

	memset(p, 0, sizeof *p);
	*error_at = 0;
	if (n > VAULT_POLICY_TEXT_MAX) {
		*error_at = VAULT_POLICY_TEXT_MAX;
		return SR_ERR_TOO_LONG;
	}
	skip_space(&self);
	if (self.at == n) {
		*error_at = n;
		return SR_ERR_EMPTY;
	}
	root = parse_any(&self);
	if (self.error == SR_OK && self.at < n)
		fail_at(&self, self.at, SR_ERR_BAD_SYNTAX);
	if (self.error == SR_OK && root != NONE)
		place(&self, p, root, 1);
	if (self.error != SR_OK) {
		memset(p, 0, sizeof *p);
		*error_at = self.error_at;
	}
	return self.error;
}

/* --- printing --- */

static void put(struct sr_writer *w, const char *text)
{
	for (; *text != '\0'; text++)
		sr_write_u8(w, (uint8_t)*text);
}

static void put_number(struct sr_writer *w, uint64_t v, unsigned width)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || n < width);
	while (n > 0)
		sr_write_u8(w, (uint8_t)digits[--n]);
}

static void put_time(struct sr_writer *w, uint64_t ms)
{
	uint64_t year, month, day, seconds = ms / 1000 % 86400;

	if (ms % 1000 != 0 || ms > VAULT_POLICY_TIME_MAX_MS) {
		put_number(w, ms, 1);
		return;
	}
	date_of_days(ms / DAY_MS, &year, &month, &day);
	put_number(w, year, 4);
	put(w, "-");
	put_number(w, month, 2);
	put(w, "-");
	put_number(w, day, 2);
	if (seconds == 0)
		return;
	put(w, "T");
	put_number(w, seconds / 3600, 2);
	put(w, ":");
	put_number(w, seconds / 60 % 60, 2);
	put(w, ":");
	put_number(w, seconds % 60, 2);
	put(w, "Z");
}

static void put_duration(struct sr_writer *w, uint64_t ms)
{
	size_t i = 0;

	while (i + 1 < UNITS_N && (ms == 0 || ms % units[i].ms != 0))
		i++;
	put_number(w, ms / units[i].ms, 1);
	put(w, units[i].name);
}

static void put_attested(struct sr_writer *w, const struct vault_policy_node *node)
{
	char hex[2 * sizeof node->measurement + 1];

	if (!vault_measurement_size(node->measurement_n)) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_hex_encode(hex, node->measurement, node->measurement_n);
	put(w, hex);
	if (node->state == ATTEST_UP_TO_DATE)
		return;
	put(w, ", ");
	put(w, attest_status_name(node->state));
}

static void put_leaf(struct sr_writer *w, const struct vault_policy_node *node)
{
	char account[VAULT_ACCOUNT_TEXT_MAX];

	for (size_t i = 0; i < LEAVES_N; i++)
		if (leaves[i].kind == node->kind)
			put(w, leaves[i].name);
	put(w, "(");
	if (node->kind == VAULT_POLICY_ACCOUNT) {
		vault_account_text(account, &node->account);
		put(w, account);
	} else if (node->kind == VAULT_POLICY_AFTER || node->kind == VAULT_POLICY_BEFORE) {
		put_time(w, node->number);
	} else if (node->kind == VAULT_POLICY_HELD_FOR) {
		put_duration(w, node->number);
	} else if (node->kind == VAULT_POLICY_ATTESTED) {
		put_attested(w, node);
	} else {
		put_number(w, node->number, 1);
	}
	if (node->kind == VAULT_POLICY_SWITCH) {
		put(w, ", ");
		put(w, vault_switch_state_name(node->state));
	}
	if (node->stage > 0) {
		put(w, ", ");
		put_number(w, node->stage, 1);
	}
	put(w, ")");
}

/* Brackets only where the words' precedence would read it otherwise. */
static bool needs_brackets(enum vault_policy_kind parent, enum vault_policy_kind child)
{
	if (child == VAULT_POLICY_ANY)
		return parent == VAULT_POLICY_ALL || parent == VAULT_POLICY_NOT;
	return child == VAULT_POLICY_ALL && parent == VAULT_POLICY_NOT;
}

static void put_node(struct sr_writer *w, const struct vault_policy *p, uint32_t index,
    uint32_t depth)
{
	const struct vault_policy_node *node = &p->nodes[index];
	const char *between = node->kind == VAULT_POLICY_ALL ? " and " :
	    node->kind == VAULT_POLICY_ANY ? " or " : ", ";
	uint32_t child = node->first_child;

	if (depth > VAULT_POLICY_DEPTH_MAX || node->children_n >= VAULT_POLICY_NODES_MAX)
		sr_writer_fail(w, SR_ERR_POLICY_TOO_DEEP);
	if (w->error != SR_OK)
		return;
	if (node->children_n == 0)
		put_leaf(w, node);
	if (node->kind == VAULT_POLICY_NOT)
		put(w, "not ");
	if (node->kind == VAULT_POLICY_K_OF) {
		put_number(w, node->number, 1);
		put(w, " of (");
	}
	for (uint32_t i = 0; i < node->children_n && child < VAULT_POLICY_NODES_MAX; i++) {
		bool brackets = needs_brackets(node->kind, p->nodes[child].kind);

		put(w, i > 0 ? between : "");
		put(w, brackets ? "(" : "");
		put_node(w, p, child, depth + 1);
		put(w, brackets ? ")" : "");
		child = p->nodes[child].next_sibling;
	}
	if (node->kind == VAULT_POLICY_K_OF)
		put(w, ")");
}

void vault_policy_text(struct sr_writer *w, const struct vault_policy *p)
{
	if (p->nodes_n == 0)
		sr_writer_fail(w, SR_ERR_EMPTY);
	else
		put_node(w, p, 0, 1);
}
