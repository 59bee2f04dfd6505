/* Apart from platform.c, so that a program that knows which kind it is on (an enclave inside of
 * Gramine) opens that one alone and does not link the others' libraries. */
#include <string.h>

#include "platform/internal.h"

static enum sr_error (*const openers[PLATFORM_KINDS])(struct platform **out,
    const struct platform_options *o) = {
	[PLATFORM_SOFTWARE] = platform_software_open,
	[PLATFORM_TPM] = platform_tpm_open,
	[PLATFORM_TSM] = platform_tsm_open,
	[PLATFORM_GRAMINE] = platform_gramine_open,
};

enum sr_error platform_open(struct platform **out, const struct platform_options *o, char *why)
{
	enum sr_error error = SR_ERR_BAD_KIND;

	*out = NULL;
	why[0] = '\0';
	if ((unsigned)o->kind < PLATFORM_KINDS)
		error = openers[o->kind](out, o);
	if (error == SR_OK)
		return SR_OK;
	if (*out != NULL)
		memcpy(why, (*out)->why, PLATFORM_WHY_MAX);
	platform_close(*out);
	*out = NULL;
	return error;
}
