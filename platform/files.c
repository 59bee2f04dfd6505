#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/internal.h"

#define PATH_BYTES 1024u
#define CHUNK 4096u

void platform_file_clear(struct platform_file *f)
{
	if (f->p != NULL)
		sr_wipe(f->p, f->n);
	free(f->p);
	*f = (struct platform_file){ NULL, 0 };
}

static enum sr_error path_of(char out[PATH_BYTES], const char *folder, const char *name)
{
	int n = name != NULL ? snprintf(out, PATH_BYTES, "%s/%s", folder, name)
			     : snprintf(out, PATH_BYTES, "%s", folder);

	return n < 0 || (size_t)n >= PATH_BYTES ? SR_ERR_TOO_LONG : SR_OK;
}

static enum sr_error error_now(void)
{
	return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
}

/* The size that attribute files state means nothing: read to the end. */
static enum sr_error read_on(struct platform_file *out, int fd)
{
	size_t room = 0;

	for (;;) {
		ssize_t got;

		if (out->n == PLATFORM_FILE_MAX)
			return SR_ERR_TOO_LONG;
		if (out->n == room) {
			uint8_t *p = realloc(out->p, room + CHUNK);

			if (p == NULL)
				return SR_ERR_NO_MEMORY;
			out->p = p;
			room += CHUNK;
		}
		got = read(fd, out->p + out->n, room - out->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return SR_ERR_IO;
		if (got == 0)
			return out->n == 0 ? SR_ERR_EMPTY : SR_OK;
		out->n += (size_t)got;
	}
}

enum sr_error platform_file_read(struct platform_file *out, const char *folder, const char *name)
{
	char path[PATH_BYTES];
	enum sr_error error;
	int fd;

	*out = (struct platform_file){ NULL, 0 };
	SR_TRY(path_of(path, folder, name));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_now();
	error = read_on(out, fd);
	close(fd);
	if (error != SR_OK)
		platform_file_clear(out);
	return error;
}

enum sr_error platform_file_write(const char *folder, const char *name, const uint8_t *p, size_t n)
{
	char path[PATH_BYTES];
	enum sr_error error = SR_OK;
	ssize_t done;
	int fd;

	SR_TRY(path_of(path, folder, name));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_now();
	do
		done = write(fd, p, n);
	while (done < 0 && errno == EINTR);
	if (done < 0 || (size_t)done != n)
		error = SR_ERR_IO;
	if (close(fd) != 0)
		error = SR_ERR_IO;
	return error;
}

void platform_files_clear(struct platform_files *files)
{
	while (files->n > 0)
		platform_file_clear(&files->at[--files->n]);
}

enum sr_error platform_collateral(struct platform *self, struct sr_bytes *out,
    struct platform_files *files, const char *name, bool needed)
{
	const char *folder = self->options.collateral;
	struct platform_file file = { NULL, 0 };
	enum sr_error error = SR_ERR_NOT_FOUND;

	SR_ASSERT(files->n < PLATFORM_FILES_MAX);
	*out = (struct sr_bytes){ NULL, 0 };
	if (folder != NULL && folder[0] != '\0')
		error = platform_file_read(&file, folder, name);
	if (error == SR_ERR_NOT_FOUND && !needed)
		return SR_OK;
	if (error != SR_OK)
		return platform_fail(self, error, "the collateral file %s", name);
	files->at[files->n++] = file;
	*out = (struct sr_bytes){ file.p, file.n };
	return SR_OK;
}

static enum sr_error dcap_collateral(struct platform *self, struct attest_evidence_dcap *e,
    struct platform_files *files)
{
	SR_TRY(platform_collateral(self, &e->tcb_info, files, "tcb-info.json", true));
	SR_TRY(platform_collateral(self, &e->qe_identity, files, "qe-identity.json", true));
	SR_TRY(platform_collateral(self, &e->pck_crl, files, "pck-crl.der", true));
	SR_TRY(platform_collateral(self, &e->root_crl, files, "root-crl.der", true));
	/* Without them the verifier tries those that Intel publishes. */
	SR_TRY(platform_collateral(self, &e->tcb_signing, files, "tcb-signing.crt", false));
	return platform_collateral(self, &e->qe_signing, files, "qe-signing.crt", false);
}

enum sr_error platform_dcap_write(struct platform *self, struct sr_writer *w,
    enum attest_kind kind, struct sr_bytes quote)
{
	struct attest_evidence e = { .kind = kind, .dcap.quote = quote };
	struct platform_files files = { .n = 0 };
	enum sr_error error = dcap_collateral(self, &e.dcap, &files);

	if (error == SR_OK)
		attest_evidence_write(w, &e);
	platform_files_clear(&files);
	return error == SR_OK ? w->error : error;
}
