#include "node/sealing.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "node/file.h"

enum sr_error node_sealing_is_sealed(bool *sealed, const char *dir)
{
	bool key;

	SR_TRY(file_exists(sealed, dir, NODE_SEALING_SEALED));
	SR_TRY(file_exists(&key, dir, NODE_SEALING_KEY));
	if (*sealed && key)
		sr_log(SR_LOG_WARN, "platform", "%s/" NODE_SEALING_KEY
		    " is used, although there is a sealed one; remove one of the two", dir);
	*sealed = *sealed && !key;
	return SR_OK;
}

static enum sr_error unseal(const struct node_sealing *self, struct sr_key32 *key,
    struct sr_bytes sealed, char why[PLATFORM_WHY_MAX])
{
	struct platform *p;
	enum sr_error error;

	SR_TRY(platform_open(&p, self->options, why));
	error = platform_unseal(p, key, sealed);
	memcpy(why, platform_why(p), PLATFORM_WHY_MAX);
	platform_close(p);
	return error;
}

enum sr_error node_sealing_unseal(void *sealing, struct sr_key32 *key)
{
	const struct node_sealing *self = sealing;
	char path[NODE_PATH_MAX], why[PLATFORM_WHY_MAX] = "";
	struct sr_bytes sealed;
	uint8_t *bytes;
	enum sr_error error;

	SR_TRY(file_path(path, self->dir, NODE_SEALING_SEALED));
	SR_TRY(file_read(&bytes, &sealed.n, path, PLATFORM_SEALED_MAX));
	sealed.p = bytes;
	error = unseal(self, key, sealed, why);
	free(bytes);
	if (error == SR_ERR_DECRYPT_FAILED)
		sr_log(SR_LOG_ERROR, "platform", "%s does not unseal: this is another machine, or "
		    "it was started with other software than when the key was sealed; start it as "
		    "it was then, unseal (strongroom tpm unseal), change it, and seal again", path);
	else if (error != SR_OK)
		sr_log(SR_LOG_ERROR, "platform", "%s does not unseal: %s (%s)", path, why,
		    sr_error_name((unsigned)error));
	return error;
}
