/* No TEE: the operator's signature is all there is, and a running node does not hold its operator's
 * key. Only the commands that an operator gives by hand (cluster init, node join) open it with one.
 */
#include <stdlib.h>

#include "platform/internal.h"

static enum sr_error software_evidence(struct platform *self, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct attest_evidence e = { .kind = ATTEST_KIND_SOFTWARE };

	if (self->options.operator_key == NULL || self->options.measurement == NULL)
		return platform_fail(self, SR_ERR_NOT_SUPPORTED,
		    "software evidence is the operator's signature, and the operator's key is not "
		    "kept here");
	attest_software_sign(&e.software, self->options.measurement, report_data,
	    self->options.operator_key);
	attest_evidence_write(w, &e);
	return w->error;
}

static void software_close(struct platform *self)
{
	free(self);
}

static const struct platform_ops software_ops = {
	.close = software_close,
	.evidence = software_evidence,
};

enum sr_error platform_software_open(struct platform **out, const struct platform_options *o)
{
	struct platform *self = calloc(1, sizeof *self);

	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	*self = (struct platform){ PLATFORM_SOFTWARE, &software_ops, *o, "" };
	*out = self;
	return SR_OK;
}
