#include "platform/platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/internal.h"

static const char *const names[PLATFORM_KINDS] = {
	[PLATFORM_SOFTWARE] = "software",
	[PLATFORM_TPM] = "tpm",
	[PLATFORM_TSM] = "tsm",
	[PLATFORM_GRAMINE] = "gramine",
};

const char *platform_kind_name(enum platform_kind kind)
{
	return (unsigned)kind < PLATFORM_KINDS ? names[kind] : "unknown";
}

bool platform_kind_parse(enum platform_kind *out, const char *text)
{
	for (unsigned i = 0; i < PLATFORM_KINDS; i++)
		if (strcmp(names[i], text) == 0) {
			*out = (enum platform_kind)i;
			return true;
		}
	return false;
}

enum sr_error platform_fail(struct platform *self, enum sr_error error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(self->why, sizeof self->why, format, args);
	va_end(args);
	return error;
}

void platform_close(struct platform *self)
{
	if (self != NULL)
		self->ops->close(self);
}

enum platform_kind platform_kind(const struct platform *self)
{
	return self->kind;
}

const char *platform_why(const struct platform *self)
{
	return self->why;
}

static enum sr_error not_supported(struct platform *self, const char *what)
{
	return platform_fail(self, SR_ERR_NOT_SUPPORTED, "platform %s has no %s",
	    platform_kind_name(self->kind), what);
}

enum sr_error platform_evidence(struct platform *self, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	if (self->ops->evidence == NULL)
		return not_supported(self, "evidence");
	SR_TRY(self->ops->evidence(self, w, report_data));
	return w->error;
}

enum sr_error platform_seal(struct platform *self, struct sr_writer *sealed,
    const struct sr_key32 *key)
{
	if (self->ops->seal == NULL)
		return not_supported(self, "seal");
	SR_TRY(self->ops->seal(self, sealed, key));
	return sealed->error;
}

enum sr_error platform_unseal(struct platform *self, struct sr_key32 *key, struct sr_bytes sealed)
{
	enum sr_error error;

	if (self->ops->unseal == NULL)
		return not_supported(self, "seal");
	error = self->ops->unseal(self, key, sealed);
	if (error != SR_OK)
		sr_key32_wipe(key);
	return error;
}

enum sr_error platform_lease(struct platform *self, uint64_t *value)
{
	return self->ops->lease == NULL ? not_supported(self, "counter")
					: self->ops->lease(self, value, false);
}

enum sr_error platform_lease_increase(struct platform *self, uint64_t *value)
{
	return self->ops->lease == NULL ? not_supported(self, "counter")
					: self->ops->lease(self, value, true);
}
