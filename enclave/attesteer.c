#include "enclave/attesteer.h"

#include <stdlib.h>
#include <string.h>

#include "vault/vault.h"

static bool waits(const struct vault_pending *list, size_t n, const struct sr_hash32 *subject)
{
	for (size_t i = 0; i < n; i++)
		if (sr_hash32_equal(&list[i].id, subject))
			return true;
	return false;
}

/* What the final state shows, or no longer wants, is not on its way any more; nor is what was lost
 * there. */
static void said_settle(struct attesteer *self, const struct vault_pending *list, size_t n,
    uint64_t now_ms)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < self->said_n; i++)
		if (waits(list, n, &self->said[i].subject) &&
		    now_ms - self->said[i].since_ms < ATTESTEER_AGAIN_MS)
			self->said[kept++] = self->said[i];
	self->said_n = kept;
}

static bool said(const struct attesteer *self, const struct sr_hash32 *subject)
{
	for (uint32_t i = 0; i < self->said_n; i++)
		if (sr_hash32_equal(&self->said[i].subject, subject))
			return true;
	return false;
}

/* Of this machine at this moment, not of the evidence: others would say something else. */
static bool is_mine_alone(enum sr_error code)
{
	return code == SR_ERR_INTERNAL || code == SR_ERR_NO_MEMORY ||
	    code == SR_ERR_NO_LOCKED_MEMORY || code == SR_ERR_RANDOM_FAILED || code == SR_ERR_IO;
}

static enum sr_error judge(struct attesteer *self, struct attesteer_verdict *out,
    const struct vault_pending *p, const struct attest_trust *trust, uint64_t now_ms)
{
	out->subject = p->id;
	out->code = attest_evidence_verify(&out->facts, p->evidence, trust, p->submitted_ms / 1000);
	if (is_mine_alone(out->code))
		return out->code;
	if (out->code != SR_OK)
		memset(&out->facts, 0, sizeof out->facts);
	self->said[self->said_n].subject = p->id;
	self->said[self->said_n++].since_ms = now_ms;
	return SR_OK;
}

enum sr_error attesteer_next(struct attesteer *self, struct attesteer_verdict *out,
    const struct vault_tree *final, uint64_t epoch, uint32_t member,
    const struct attest_trust *trust, uint64_t now_ms)
{
	struct vault_pending list[ATTESTEER_FLIGHT];
	size_t n;

	if (self->epoch != epoch)
		*self = (struct attesteer){ .epoch = epoch };
	SR_TRY(vault_attest_pending(list, &n, ATTESTEER_FLIGHT, final, epoch, member));
	said_settle(self, list, n, now_ms);
	for (size_t i = 0; i < n; i++)
		if (!said(self, &list[i].id))
			return judge(self, out, &list[i], trust, now_ms);
	return SR_ERR_NOT_FOUND;
}
