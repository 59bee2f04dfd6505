#include "tests/chaos/check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/chaos/search.h"

#define WORD_MAX 24u
#define WORDS_MAX 8u
#define LINE_MAX 512u

const char *const check_kind_names[CHECK_KINDS] = { "write", "read", "look", "final", "steal",
	"create", "beat", "watch", "inherit" };

struct op {
	uint64_t id, from_us, to_us; /* to: UINT64_MAX while nothing came back */
	enum check_kind kind;
	enum check_outcome outcome;
	char key[WORD_MAX], args[2][WORD_MAX], results[4][WORD_MAX];
	unsigned results_n;
	uint64_t version;            /* write: what it makes; else what was seen */
	const char *value;
};

struct checker {
	struct check_report *report;
	FILE *say;
	uint64_t slack_us;
	struct op *ops;
	size_t n, capacity;
	unsigned long members;
	bool ended;
};

__attribute__((format(printf, 3, 4))) static void violation(
    struct checker *c, const char *key, const char *f, ...)
{
	va_list args;

	c->report->violations++;
	fprintf(c->say, "VIOLATION %s: ", key);
	va_start(args, f);
	vfprintf(c->say, f, args);
	va_end(args);
	fputc('\n', c->say);
}

static void *must(void *p)
{
	if (p == NULL) {
		fputs("history: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

/* --- reading --- */

static unsigned split(char *line, char *words[WORDS_MAX])
{
	unsigned n = 0;
	char *save = NULL;

	for (char *p = strtok_r(line, " \n", &save); p != NULL && n < WORDS_MAX;
	     p = strtok_r(NULL, " \n", &save))
		words[n++] = p;
	return n;
}

static void word_copy(char out[WORD_MAX], const char *word)
{
	snprintf(out, WORD_MAX, "%s", word);
}

static bool invoke_take(struct checker *c, uint64_t t, uint64_t id, char **words, unsigned n)
{
	struct op op = { .id = id, .from_us = t, .to_us = UINT64_MAX, .outcome = CHECK_UNKNOWN };
	unsigned kind = 0;

	while (n >= 2 && kind < CHECK_KINDS && strcmp(check_kind_names[kind], words[0]) != 0)
		kind++;
	if (n < 2 || n > 4 || kind == CHECK_KINDS || id == 0)
		return false;
	op.kind = (enum check_kind)kind;
	word_copy(op.key, words[1]);
	for (unsigned i = 2; i < n; i++)
		word_copy(op.args[i - 2], words[i]);
	if (c->n == c->capacity) {
		c->capacity = c->capacity * 2 + 256;
		c->ops = must(realloc(c->ops, c->capacity * sizeof *c->ops));
	}
	c->ops[c->n++] = op;
	return true;
}

/* Ends are near their beginnings: the search goes backwards. */
static bool end_take(struct checker *c, uint64_t t, uint64_t id, char **words, unsigned n)
{
	static const char *const outcomes[CHECK_OUTCOMES] = { "ok", "fail", "unknown" };
	size_t i = c->n;
	unsigned outcome = 0;

	while (i > 0 && c->ops[i - 1].id != id)
		i--;
	while (outcome < CHECK_OUTCOMES && strcmp(outcomes[outcome], words[0]) != 0)
		outcome++;
	if (i == 0 || outcome == CHECK_OUTCOMES || n > 5 || c->ops[i - 1].to_us != UINT64_MAX
	    || t < c->ops[i - 1].from_us)
		return false;
	c->ops[i - 1].outcome = (enum check_outcome)outcome;
	c->ops[i - 1].to_us = t;
	c->ops[i - 1].results_n = n - 1;
	for (unsigned k = 1; k < n; k++)
		word_copy(c->ops[i - 1].results[k - 1], words[k]);
	return true;
}

static bool line_take(struct checker *c, char *line)
{
	char *words[WORDS_MAX];
	unsigned n = split(line, words);
	uint64_t t, id;

	if (n < 3)
		return false;
	t = strtoull(words[0], NULL, 10);
	id = strtoull(words[1], NULL, 10);
	if (strcmp(words[2], "end") == 0)
		return c->ended = true;
	if (strcmp(words[2], "members") == 0 && n == 4)
		return (c->members = strtoul(words[3], NULL, 10)) > 0;
	if (strcmp(words[2], "invoke") == 0)
		return invoke_take(c, t, id, words + 3, n - 3);
	return end_take(c, t, id, words + 2, n - 2);
}

static void read_all(struct checker *c, FILE *in)
{
	char line[LINE_MAX], copy[LINE_MAX];
	unsigned long number = 0;

	while (fgets(line, sizeof line, in) != NULL) {
		number++;
		memcpy(copy, line, sizeof copy);
		if (!line_take(c, line))
			violation(c, "history", "line %lu is not understood: %.80s", number, copy);
	}
}

/* --- registers: what each operation says --- */

static bool register_parse(struct op *op)
{
	if (op->kind == CHECK_WRITE) {
		op->version = strtoull(op->args[0], NULL, 10) + 1;
		op->value = op->args[1];
		return op->args[1][0] != '\0'
		    && (op->outcome != CHECK_OK
			|| strtoull(op->results[0], NULL, 10) == op->version);
	}
	op->version = strtoull(op->results[0], NULL, 10);
	op->value = op->results[1];
	return op->outcome != CHECK_OK || op->results_n >= 2;
}

static bool is_seeing(const struct op *op)
{
	return op->outcome == CHECK_OK
	    && (op->kind == CHECK_READ || op->kind == CHECK_LOOK || op->kind == CHECK_FINAL);
}

static const struct op *writer_of(struct op *const *ops, size_t n, const struct op *seen)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i]->kind == CHECK_WRITE && ops[i]->outcome != CHECK_FAIL
		    && ops[i]->version == seen->version && strcmp(ops[i]->value, seen->value) == 0
		    && ops[i]->from_us <= seen->to_us)
			return ops[i];
	return NULL;
}

/* What a quorum, or a member at the end, shows is no older than what was acknowledged before. */
static void fresh_check(struct checker *c, struct op *const *ops, size_t n, const struct op *seen)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i]->outcome == CHECK_OK && ops[i]->to_us < seen->from_us
		    && (ops[i]->kind == CHECK_WRITE || ops[i]->kind == CHECK_READ)
		    && ops[i]->version > seen->version) {
			violation(c, seen->key,
			    "operation %llu shows version %llu, but version %llu was acknowledged "
			    "before it (operation %llu)",
			    (unsigned long long)seen->id, (unsigned long long)seen->version,
			    (unsigned long long)ops[i]->version, (unsigned long long)ops[i]->id);
			return;
		}
}

static void seen_check(struct checker *c, struct op *const *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_seeing(ops[i]))
			continue;
		if (strcmp(ops[i]->value, "wrong") == 0)
			violation(c, ops[i]->key, "operation %llu got wrong bytes",
			    (unsigned long long)ops[i]->id);
		else if (writer_of(ops, n, ops[i]) == NULL)
			violation(c, ops[i]->key,
			    "operation %llu shows version %llu as %s, which nobody wrote by then",
			    (unsigned long long)ops[i]->id, (unsigned long long)ops[i]->version,
			    ops[i]->value);
		if (ops[i]->kind != CHECK_READ)
			fresh_check(c, ops, n, ops[i]);
	}
}

/* One version, one value: of all that were seen or acknowledged. */
static void versions_check(struct checker *c, struct op *const *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool mine = is_seeing(ops[i])
		    || (ops[i]->kind == CHECK_WRITE && ops[i]->outcome == CHECK_OK);

		for (size_t k = 0; k < i && mine; k++) {
			bool other = is_seeing(ops[k])
			    || (ops[k]->kind == CHECK_WRITE && ops[k]->outcome == CHECK_OK);

			if (other && ops[k]->version == ops[i]->version
			    && strcmp(ops[k]->value, ops[i]->value) != 0) {
				violation(c, ops[i]->key,
				    "version %llu is %s for operation %llu and %s for %llu",
				    (unsigned long long)ops[i]->version, ops[k]->value,
				    (unsigned long long)ops[k]->id, ops[i]->value,
				    (unsigned long long)ops[i]->id);
				return;
			}
		}
	}
}

/* --- registers: the search for an order --- */

static void order_check(struct checker *c, struct op **ops, size_t n)
{
	struct search_op *list = must(calloc(n + 1, sizeof *list));
	size_t m = 0, stuck = 0, *from = must(calloc(n + 1, sizeof *from));

	for (size_t i = 0; i < n; i++) {
		bool writes = ops[i]->kind == CHECK_WRITE && ops[i]->outcome != CHECK_FAIL;

		if (!writes && (ops[i]->kind != CHECK_READ || ops[i]->outcome != CHECK_OK))
			continue;
		from[m] = i;
		list[m++] = (struct search_op){ ops[i]->from_us, ops[i]->to_us, writes,
			ops[i]->outcome == CHECK_OK, ops[i]->version, ops[i]->value };
	}
	if (!search_order(list, m, &c->report->steps, &stuck))
		violation(c, ops[0]->key,
		    "no order of its operations explains operation %llu (%s of version %llu)%s",
		    (unsigned long long)ops[from[stuck]]->id,
		    check_kind_names[ops[from[stuck]]->kind],
		    (unsigned long long)ops[from[stuck]]->version,
		    c->report->steps > SEARCH_STEPS_MAX ? ": the search took too long" : "");
	free(list);
	free(from);
}

static void register_check(struct checker *c, struct op **ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (ops[i]->kind == CHECK_STEAL) {
			if (ops[i]->outcome == CHECK_OK)
				violation(c, ops[i]->key, "a stranger opened it (operation %llu)",
				    (unsigned long long)ops[i]->id);
			continue;
		}
		if (!register_parse(ops[i])) {
			violation(c, ops[i]->key, "operation %llu is misformed",
			    (unsigned long long)ops[i]->id);
			return;
		}
	}
	seen_check(c, ops, n);
	versions_check(c, ops, n);
	order_check(c, ops, n);
}

/* --- switches --- */

static bool saw(const struct op *op)
{
	return op->outcome == CHECK_OK
	    && (op->kind == CHECK_WATCH || op->kind == CHECK_FINAL);
}

static bool saw_state(const struct op *op, const char *state)
{
	return saw(op) && strcmp(op->results[0], state) == 0;
}

static bool saw_fired(const struct op *op)
{
	return saw_state(op, "fired")
	    || (op->kind == CHECK_INHERIT && op->outcome == CHECK_OK);
}

/* Against what was acknowledged of its owner's life. */
static void life_check(struct checker *c, struct op *const *ops, size_t n, const struct op *seen,
    uint64_t interval_us, uint64_t grace_us)
{
	bool fired = saw_fired(seen);
	uint64_t least = fired ? interval_us + grace_us : interval_us;

	least = least > c->slack_us ? least - c->slack_us : 0;
	for (size_t i = 0; i < n; i++) {
		const struct op *o = ops[i];
		bool life = o->outcome == CHECK_OK
		    && (o->kind == CHECK_BEAT || o->kind == CHECK_CREATE);

		if (life && fired && o->kind == CHECK_BEAT && o->from_us > seen->to_us)
			violation(c, o->key,
			    "heartbeat %llu was taken after it had fired (operation %llu)",
			    (unsigned long long)o->id, (unsigned long long)seen->id);
		/* Fired is after every heartbeat that was taken. Pending only after those that were
		 * acknowledged when the look began. */
		else if (life && (fired || o->to_us < seen->from_us)
		    && seen->to_us < o->from_us + least)
			violation(c, o->key,
			    "operation %llu sees it %s %llu ms after operation %llu (%s)",
			    (unsigned long long)seen->id, fired ? "fired" : "pending",
			    (unsigned long long)(seen->to_us - o->from_us) / 1000,
			    (unsigned long long)o->id, check_kind_names[o->kind]);
	}
}

static void fired_once_check(struct checker *c, struct op *const *ops, size_t n)
{
	const struct op *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (ops[i]->kind == CHECK_FINAL && ops[i]->outcome == CHECK_OK
		    && (ops[i]->results_n < 4
			|| strtoul(ops[i]->results[3], NULL, 10)
			    != (strcmp(ops[i]->results[0], "fired") == 0)))
			violation(c, ops[i]->key,
			    "member %s: it is %s and its audit has it fire %s times",
			    ops[i]->args[0], ops[i]->results[0], ops[i]->results[3]);
		if (saw_state(ops[i], "fired")) {
			if (first == NULL)
				first = ops[i];
			else if (strcmp(first->results[2], ops[i]->results[2]) != 0)
				violation(c, ops[i]->key,
				    "it fired at %s (operation %llu) and at %s (operation %llu)",
				    first->results[2], (unsigned long long)first->id,
				    ops[i]->results[2], (unsigned long long)ops[i]->id);
		}
		/* Watches ask a quorum: what fired is never seen otherwise again. */
		for (size_t k = 0; k < n && saw(ops[i]) && !saw_state(ops[i], "fired"); k++)
			if (saw_fired(ops[k]) && ops[k]->to_us < ops[i]->from_us) {
				violation(c, ops[i]->key,
				    "operation %llu sees it %s after operation %llu saw it fired",
				    (unsigned long long)ops[i]->id, ops[i]->results[0],
				    (unsigned long long)ops[k]->id);
				break;
			}
	}
	c->report->fired += first != NULL;
}

static void switch_check(struct checker *c, struct op **ops, size_t n)
{
	const struct op *made = NULL;

	for (size_t i = 0; i < n; i++)
		if (ops[i]->kind == CHECK_CREATE)
			made = ops[i];
	if (made == NULL) {
		violation(c, ops[0]->key, "nobody made it");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (saw_fired(ops[i]) || saw_state(ops[i], "pending"))
			life_check(c, ops, n, ops[i], strtoull(made->args[0], NULL, 10) * 1000,
			    strtoull(made->args[1], NULL, 10) * 1000);
		if (ops[i]->kind == CHECK_INHERIT && ops[i]->outcome == CHECK_OK
		    && strcmp(ops[i]->results[0], "wrong") == 0)
			violation(c, ops[i]->key, "the heir got wrong bytes (operation %llu)",
			    (unsigned long long)ops[i]->id);
	}
	fired_once_check(c, ops, n);
}

/* --- the whole --- */

/* What was acknowledged is there at the end, at every member. */
static void kept_check(struct checker *c, struct op *const *ops, size_t n)
{
	bool acknowledged = false;

	for (size_t i = 0; i < n; i++)
		acknowledged |= ops[i]->outcome == CHECK_OK
		    && (ops[i]->kind == CHECK_WRITE || ops[i]->kind == CHECK_CREATE);
	for (unsigned long member = 0; member < c->members && acknowledged; member++) {
		bool there = false;

		for (size_t i = 0; i < n; i++)
			there |= ops[i]->kind == CHECK_FINAL && ops[i]->outcome == CHECK_OK
			    && strtoul(ops[i]->args[0], NULL, 10) == member;
		if (!there)
			violation(c, ops[0]->key,
			    "it was acknowledged, but member %lu does not show it at the end",
			    member);
	}
}

static int op_order(const void *a, const void *b)
{
	const struct op *x = *(struct op *const *)a, *y = *(struct op *const *)b;
	int keys = strcmp(x->key, y->key);

	if (keys != 0)
		return keys;
	return x->from_us != y->from_us ? (x->from_us < y->from_us ? -1 : 1)
					: (x->id > y->id) - (x->id < y->id);
}

static void keys_check(struct checker *c)
{
	struct op **sorted = must(calloc(c->n + 1, sizeof *sorted));
	size_t end;

	for (size_t i = 0; i < c->n; i++)
		sorted[i] = &c->ops[i];
	qsort(sorted, c->n, sizeof *sorted, op_order);
	for (size_t i = 0; i < c->n; i = end) {
		for (end = i; end < c->n && strcmp(sorted[end]->key, sorted[i]->key) == 0; end++)
			continue;
		if (sorted[i]->key[0] == 'w')
			switch_check(c, sorted + i, end - i);
		else
			register_check(c, sorted + i, end - i);
		kept_check(c, sorted + i, end - i);
		c->report->keys++;
	}
	free(sorted);
}

void check_history(struct check_report *report, FILE *in, FILE *say, uint64_t slack_ms)
{
	struct checker c = { .report = report, .say = say, .slack_us = slack_ms * 1000 };

	memset(report, 0, sizeof *report);
	read_all(&c, in);
	for (size_t i = 0; i < c.n; i++)
		report->counts[c.ops[i].kind][c.ops[i].outcome]++;
	report->operations = c.n;
	if (!c.ended || c.members == 0)
		violation(&c, "history", "it does not go to its end");
	keys_check(&c);
	free(c.ops);
}
