#include "vault/internal.h"

static uint64_t bit(uint32_t index)
{
	return (uint64_t)1 << index;
}

/* --- shape of a policy --- */

static void mark_negated(const struct vault_policy *p, uint32_t index, bool negated, uint64_t *mask)
{
	const struct vault_policy_node *node = &p->nodes[index];
	uint32_t child = node->first_child;

	if (negated)
		*mask |= bit(index);
	if (node->kind == VAULT_POLICY_NOT)
		negated = !negated;
	for (uint32_t i = 0; i < node->children_n; i++, child = p->nodes[child].next_sibling)
		mark_negated(p, child, negated, mask);
}

bool vault_policy_timed(const struct vault_policy *p)
{
	for (uint32_t i = 0; i < p->nodes_n; i++) {
		enum vault_policy_kind kind = p->nodes[i].kind;

		if (kind == VAULT_POLICY_AFTER || kind == VAULT_POLICY_BEFORE ||
		    kind == VAULT_POLICY_SWITCH || kind == VAULT_POLICY_HEIR ||
		    kind == VAULT_POLICY_HELD_FOR || kind == VAULT_POLICY_ATTESTED)
			return true;
	}
	return false;
}

bool vault_policy_names_nft(const struct vault_policy *p, uint64_t nft_id)
{
	for (uint32_t i = 0; i < p->nodes_n; i++)
		if (p->nodes[i].kind == VAULT_POLICY_HOLDER && p->nodes[i].number == nft_id)
			return true;
	return false;
}

static uint64_t longest_held_for(const struct vault_policy *p)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < p->nodes_n; i++)
		if (p->nodes[i].kind == VAULT_POLICY_HELD_FOR && p->nodes[i].number > most)
			most = p->nodes[i].number;
	return most;
}

/* --- leaves --- */

static bool passed(uint64_t now_ms, uint64_t since_ms, uint64_t span_ms)
{
	return now_ms >= vault_add_capped(since_ms, span_ms);
}

/*
 * Holding is judged by ownership now. held_for speaks of the presented NFT; so that an old one
 * can't stand in for a fresh one, the others then count only if they were held as long as the
 * policy's longest held_for. (Under a NOT plain ownership counts: there a missing fact would let
 * more through.)
 */
static enum sr_error holder_leaf(const struct vault_facts *f, uint32_t index, bool *holds)
{
	uint64_t id = f->policy->nodes[index].number;
	struct vault_nft nft;
	enum sr_error error = vault_nft_load(f->t, &nft, id);

	*holds = false;
	if (error == SR_ERR_NO_SUCH_NFT)
		return SR_OK;
	SR_TRY(error);
	*holds = vault_account_is(&nft.owner, f->who);
	if (*holds && id != f->nft_id && (f->negated & bit(index)) == 0)
		*holds = passed(f->time_ms, nft.held_since_ms, longest_held_for(f->policy));
	return SR_OK;
}

static enum sr_error held_for_leaf(const struct vault_facts *f, uint64_t span_ms, bool *holds)
{
	struct vault_nft nft;
	enum sr_error error;

	*holds = false;
	if (f->nft_id == 0)
		return SR_OK;
	error = vault_nft_load(f->t, &nft, f->nft_id);
	if (error == SR_ERR_NO_SUCH_NFT)
		return SR_OK;
	SR_TRY(error);
	*holds = vault_account_is(&nft.owner, f->who)
	    && passed(f->time_ms, nft.held_since_ms, span_ms);
	return SR_OK;
}

/* On an enclave's own clock, too, the state must have had the time to come about. */
static bool switch_agrees(const struct vault_facts *f, const struct vault_switch *w,
    enum vault_switch_state state, uint64_t fired_for_ms)
{
	uint64_t interval = w->settings.interval_ms;

	if (!f->own_clock)
		return true;
	if (state == VAULT_SWITCH_PENDING)
		return passed(f->time_ms, w->heartbeat_ms, interval);
	if (state != VAULT_SWITCH_FIRED)
		return true;
	return passed(f->time_ms, w->heartbeat_ms, interval + w->settings.grace_ms) &&
	    passed(f->time_ms, w->fired_ms, fired_for_ms);
}

static enum sr_error switch_leaf(const struct vault_facts *f, const struct vault_policy_node *node,
    bool *holds)
{
	enum vault_switch_state wanted = (enum vault_switch_state)node->state;
	struct vault_switch w;
	uint64_t delay = 0;
	enum sr_error error = vault_switch_load(f->t, &w, node->number);

	*holds = false;
	if (error == SR_ERR_NO_SUCH_SWITCH)
		return SR_OK;
	SR_TRY(error);
	/* No policy can name FROZEN (policy.c), and none may tell it from the state it hides. */
	if (wanted != vault_switch_shown(&w))
		return SR_OK;
	if (wanted == VAULT_SWITCH_FIRED && node->stage > 0) {
		if (node->stage > w.stage || node->stage > w.settings.stages_n)
			return SR_OK;
		delay = w.settings.stage_delay_ms[node->stage - 1];
	}
	*holds = switch_agrees(f, &w, wanted, delay);
	return SR_OK;
}

/* Heir i's turn comes heir_delay[i] of uptime after FIRED; the earlier heirs keep theirs. */
static enum sr_error heir_leaf(const struct vault_facts *f, uint64_t switch_id, bool *holds)
{
	struct vault_switch w;
	enum sr_error error = vault_switch_load(f->t, &w, switch_id);

	*holds = false;
	if (error == SR_ERR_NO_SUCH_SWITCH)
		return SR_OK;
	SR_TRY(error);
	for (uint32_t i = 0; w.state == VAULT_SWITCH_FIRED && i < w.settings.heirs_n; i++) {
		uint64_t delay = w.settings.heir_delay_ms[i];

		if (vault_account_is(&w.settings.heirs[i], f->who))
			*holds = passed(f->uptime_ms, w.fired_uptime_ms, delay) &&
			    switch_agrees(f, &w, VAULT_SWITCH_FIRED, delay);
	}
	return SR_OK;
}

/*
 * It is the key that shares are encrypted to, not the account, that must be the workload's: then
 * whoever asks, nobody else can read the answer. Before anyone has named a key, anyone may have
 * such a one (and still reads nothing without it).
 */
static enum sr_error attested_leaf(const struct vault_facts *f, uint32_t index, bool *holds)
{
	const struct vault_policy_node *node = &f->policy->nodes[index];
	struct sr_bytes measurement = { node->measurement, node->measurement_n };

	*holds = (f->negated & bit(index)) == 0;
	if (f->to == NULL)
		return SR_OK;
	return vault_attest_holds(holds, f->t, measurement, f->to, node->state, f->time_ms,
	    f->before_slack_ms);
}

static enum sr_error leaf(const struct vault_facts *f, uint32_t index, bool *holds)
{
	const struct vault_policy_node *node = &f->policy->nodes[index];

	switch (node->kind) {
	case VAULT_POLICY_HOLDER:
		return holder_leaf(f, index, holds);
	case VAULT_POLICY_ACCOUNT:
		*holds = vault_account_is(&node->account, f->who);
		return SR_OK;
	case VAULT_POLICY_AFTER:
		*holds = f->time_ms >= node->number;
		return SR_OK;
	case VAULT_POLICY_BEFORE:
		*holds = f->time_ms < vault_add_capped(node->number, f->before_slack_ms);
		return SR_OK;
	case VAULT_POLICY_SWITCH:
		return switch_leaf(f, node, holds);
	case VAULT_POLICY_HELD_FOR:
		return held_for_leaf(f, node->number, holds);
	case VAULT_POLICY_HEIR:
		return heir_leaf(f, node->number, holds);
	case VAULT_POLICY_ATTESTED:
		return attested_leaf(f, index, holds);
	case VAULT_POLICY_ALL:
	case VAULT_POLICY_ANY:
	case VAULT_POLICY_K_OF:
	case VAULT_POLICY_NOT:
		break;
	}
	*holds = false;
	return SR_OK;
}

enum sr_error vault_facts_judge(struct vault_facts *f)
{
	bool holds;

	f->negated = f->truth = 0;
	mark_negated(f->policy, 0, false, &f->negated);
	for (uint32_t i = 0; i < f->policy->nodes_n; i++) {
		SR_TRY(leaf(f, i, &holds));
		if (holds)
			f->truth |= bit(i);
	}
	return SR_OK;
}

/* --- the fold --- */

struct verdict {
	const struct vault_policy *policy;
	uint64_t truth;
};

static bool verdict_leaf(void *ctx, const struct vault_policy_node *node)
{
	const struct verdict *v = ctx;

	return (v->truth & bit((uint32_t)(node - v->policy->nodes))) != 0;
}

bool vault_facts_hold(const struct vault_facts *f, uint64_t without, uint32_t *why)
{
	struct verdict v = { .policy = f->policy, .truth = f->truth & ~without };
	struct vault_policy_facts facts = { .ctx = &v, .leaf = verdict_leaf };

	return vault_policy_eval(f->policy, &facts, why);
}
