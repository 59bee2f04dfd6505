#include "vault/policy.h"

#include <string.h>

#define POLICY_VERSION 1u

const char *vault_switch_state_name(unsigned state)
{
	static const char *const names[] = { "unknown", "armed", "warn", "pending", "fired",
		"paused", "frozen", "cancelled" };

	return state < sizeof names / sizeof names[0] ? names[state] : names[0];
}

bool vault_measurement_size(size_t n)
{
	return n == 32 || n == 48;
}

struct sr_hash32 vault_policy_hash(struct sr_bytes bytes)
{
	return sr_hash_domain("strongroom policy v1", &bytes, 1);
}

/* --- decoding --- */

static uint64_t number_read(struct sr_reader *r, uint64_t least, uint64_t most)
{
	uint64_t v = sr_read_u64(r);

	if (r->error == SR_OK && (v < least || v > most))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return v;
}

static void switch_read(struct vault_policy_node *node, struct sr_reader *r)
{
	node->number = sr_read_u64(r);
	node->state = sr_read_u8(r);
	node->stage = sr_read_u8(r);
	if (r->error != SR_OK)
		return;
	if (node->state < VAULT_SWITCH_ARMED || node->state > VAULT_SWITCH_CANCELLED ||
	    node->state == VAULT_SWITCH_FROZEN)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	else if (node->stage > (node->state == VAULT_SWITCH_FIRED ? VAULT_HEIRS_MAX : 0))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

/* A revoked platform, or one that nobody knows, is never good enough. */
static void attested_read(struct vault_policy_node *node, struct sr_reader *r)
{
	node->state = sr_read_u8(r);
	node->measurement_n = sr_read_u8(r);
	if (r->error != SR_OK)
		return;
	if (node->state < ATTEST_UP_TO_DATE || node->state > VAULT_POLICY_STATUS_WORST ||
	    !vault_measurement_size(node->measurement_n))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	else
		sr_read_copy(r, node->measurement, node->measurement_n);
}

/* The node's own operands; a count of children is left in children_n for the caller to read on. */
static void operands_read(struct vault_policy_node *node, struct sr_reader *r)
{
	switch (node->kind) {
	case VAULT_POLICY_HOLDER:
		node->number = number_read(r, 1, UINT64_MAX);
		return;
	case VAULT_POLICY_HEIR:
		node->number = sr_read_u64(r);
		return;
	case VAULT_POLICY_ACCOUNT:
		vault_account_read(&node->account, r, false);
		return;
	case VAULT_POLICY_ALL:
	case VAULT_POLICY_ANY:
		node->children_n = sr_read_u8(r);
		if (r->error == SR_OK && node->children_n < 2)
			sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		return;
	case VAULT_POLICY_K_OF:
		node->number = sr_read_u8(r);
		node->children_n = sr_read_u8(r);
		if (r->error == SR_OK && (node->number < 1 || node->number > node->children_n))
			sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
		return;
	case VAULT_POLICY_NOT:
		node->children_n = 1;
		return;
	case VAULT_POLICY_AFTER:
	case VAULT_POLICY_BEFORE:
		node->number = number_read(r, 0, VAULT_POLICY_TIME_MAX_MS);
		return;
	case VAULT_POLICY_SWITCH:
		switch_read(node, r);
		return;
	case VAULT_POLICY_HELD_FOR:
		node->number = number_read(r, 1, VAULT_SPAN_MAX_MS);
		return;
	case VAULT_POLICY_ATTESTED:
		attested_read(node, r);
		return;
	}
	sr_reader_fail(r, SR_ERR_BAD_KIND);
}

static bool absorbs(enum vault_policy_kind parent, enum vault_policy_kind child)
{
	return parent == child && (parent == VAULT_POLICY_ALL || parent == VAULT_POLICY_ANY);
}

/* Recursion is at most VAULT_POLICY_DEPTH_MAX deep. Returns the node's index. */
static uint16_t node_read(struct vault_policy *p, struct sr_reader *r, uint32_t depth,
    enum vault_policy_kind parent)
{
	uint16_t index = (uint16_t)p->nodes_n, *link;
	struct vault_policy_node *node;

	if (depth > VAULT_POLICY_DEPTH_MAX)
		sr_reader_fail(r, SR_ERR_POLICY_TOO_DEEP);
	if (p->nodes_n == VAULT_POLICY_NODES_MAX)
		sr_reader_fail(r, SR_ERR_POLICY_TOO_LARGE);
	if (r->error != SR_OK)
		return 0;
	p->nodes_n++;
	node = &p->nodes[index];
	node->kind = (enum vault_policy_kind)sr_read_u8(r);
	operands_read(node, r);
	if (r->error == SR_OK && absorbs(parent, node->kind))
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	link = &node->first_child;
	for (uint32_t i = 0; i < node->children_n && r->error == SR_OK; i++) {
		*link = node_read(p, r, depth + 1, node->kind);
		link = &p->nodes[*link].next_sibling;
	}
	return index;
}

enum sr_error vault_policy_decode(struct vault_policy *p, struct sr_bytes bytes)
{
	struct sr_reader r;

	memset(p, 0, sizeof *p);
	if (bytes.n > VAULT_POLICY_BYTES_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes.p, bytes.n);
	if (sr_read_u8(&r) != POLICY_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	node_read(p, &r, 1, VAULT_POLICY_NOT);
	return sr_reader_finish(&r);
}

/* --- writing --- */

static void attested_write(struct sr_writer *w, const struct vault_policy_node *node)
{
	if (node->state > UINT8_MAX || !vault_measurement_size(node->measurement_n)) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u8(w, (uint8_t)node->state);
	sr_write_u8(w, node->measurement_n);
	sr_write_copy(w, node->measurement, node->measurement_n);
}

static void operands_write(struct sr_writer *w, const struct vault_policy_node *node)
{
	switch (node->kind) {
	case VAULT_POLICY_HOLDER:
	case VAULT_POLICY_HEIR:
	case VAULT_POLICY_AFTER:
	case VAULT_POLICY_BEFORE:
	case VAULT_POLICY_HELD_FOR:
		sr_write_u64(w, node->number);
		return;
	case VAULT_POLICY_ACCOUNT:
		vault_account_write(w, &node->account);
		return;
	case VAULT_POLICY_K_OF:
		if (node->number > UINT8_MAX)
			sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		sr_write_u8(w, (uint8_t)node->number);
		sr_write_u8(w, (uint8_t)node->children_n);
		return;
	case VAULT_POLICY_ALL:
	case VAULT_POLICY_ANY:
		sr_write_u8(w, (uint8_t)node->children_n);
		return;
	case VAULT_POLICY_NOT:
		return;
	case VAULT_POLICY_SWITCH:
		if (node->state > UINT8_MAX || node->stage > UINT8_MAX)
			sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		sr_write_u64(w, node->number);
		sr_write_u8(w, (uint8_t)node->state);
		sr_write_u8(w, (uint8_t)node->stage);
		return;
	case VAULT_POLICY_ATTESTED:
		attested_write(w, node);
		return;
	}
	sr_writer_fail(w, SR_ERR_BAD_KIND);
}

/* The links may be the caller's own, so the walk is bounded by depth and by children_n. */
static void node_write(struct sr_writer *w, const struct vault_policy *p, uint32_t index,
    uint32_t depth)
{
	const struct vault_policy_node *node = &p->nodes[index];
	uint32_t child = node->first_child;

	if (depth > VAULT_POLICY_DEPTH_MAX)
		sr_writer_fail(w, SR_ERR_POLICY_TOO_DEEP);
	if (node->children_n >= VAULT_POLICY_NODES_MAX)
		sr_writer_fail(w, SR_ERR_POLICY_TOO_LARGE);
	if (w->error != SR_OK)
		return;
	sr_write_u8(w, (uint8_t)node->kind);
	operands_write(w, node);
	for (uint32_t i = 0; i < node->children_n && w->error == SR_OK; i++) {
		if (child == 0 || child >= p->nodes_n || child >= VAULT_POLICY_NODES_MAX)
			sr_writer_fail(w, SR_ERR_BAD_ENCODING);
		else
			node_write(w, p, child, depth + 1);
		if (w->error == SR_OK)
			child = p->nodes[child].next_sibling;
	}
}

void vault_policy_write(struct sr_writer *w, const struct vault_policy *p)
{
	if (p->nodes_n == 0)
		sr_writer_fail(w, SR_ERR_EMPTY);
	if (p->nodes_n > VAULT_POLICY_NODES_MAX)
		sr_writer_fail(w, SR_ERR_POLICY_TOO_LARGE);
	sr_write_u8(w, POLICY_VERSION);
	if (w->error == SR_OK)
		node_write(w, p, 0, 1);
}

/* --- evaluation --- */

static bool node_eval(const struct vault_policy *p, uint32_t index,
    const struct vault_policy_facts *facts, uint32_t *why)
{
	const struct vault_policy_node *node = &p->nodes[index];
	uint32_t child = node->first_child, below = 0;
	uint64_t holding = 0, needed;

	*why = index;
	if (node->children_n == 0)
		return facts->leaf(facts->ctx, node);
	if (node->kind == VAULT_POLICY_NOT)
		return !node_eval(p, child, facts, &below);
	needed = node->kind == VAULT_POLICY_K_OF ? node->number :
	    node->kind == VAULT_POLICY_ANY ? 1 : node->children_n;
	for (uint32_t i = 0; i < node->children_n && holding < needed; i++) {
		if (node_eval(p, child, facts, &below)) {
			holding++;
		} else if (node->kind == VAULT_POLICY_ALL) {
			*why = below;
			return false;
		}
		child = p->nodes[child].next_sibling;
	}
	return holding >= needed;
}

bool vault_policy_eval(const struct vault_policy *p, const struct vault_policy_facts *facts,
    uint32_t *why)
{
	uint32_t index = 0;
	bool holds = p->nodes_n > 0 && node_eval(p, 0, facts, &index);

	if (why != NULL)
		*why = holds ? 0 : index;
	return holds;
}
