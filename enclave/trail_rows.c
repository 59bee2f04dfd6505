/*
 * enclave/trail_rows.c - the last rows of a closed epoch, for a peer that still is in it. The empty
 * descendants that made its CLOSE block final have the heights of the next epoch's first blocks,
 * which take their places in the archive; the trail keeps their headers and the certificate, and
 * their bodies are empty.
 */
#include "enclave/internal.h"

#include <stdlib.h>
#include <string.h>

/* The headers (CLOSE first) and the certificate of the step that closed this epoch. */
static bool step_find(const struct enclave_core *self, uint64_t epoch, struct sr_bytes *headers,
    struct sr_bytes *cert)
{
	struct sr_bytes step = trail_kept(self, epoch);
	struct sr_reader r;

	if (step.p == NULL)
		return false;
	sr_reader_init(&r, step.p, step.n);
	*headers = sr_read_blob(&r, EPOCH_TRAIL_HEADERS_MAX * CONSENSUS_HEADER_MAX);
	*cert = sr_read_blob(&r, 64u + SR_MEMBERS_MAX * 70u);
	return r.error == SR_OK;
}

bool trail_close_height(const struct enclave_core *self, uint64_t epoch, uint64_t *height)
{
	struct consensus_header close;
	struct sr_bytes headers, cert;
	struct sr_reader r;

	if (!step_find(self, epoch, &headers, &cert))
		return false;
	sr_reader_init(&r, headers.p, headers.n);
	consensus_header_read(&close, &r);
	*height = close.height;
	return r.error == SR_OK;
}

static struct sr_bytes row_make(const struct consensus_header *h,
    const struct consensus_cert *final)
{
	struct consensus_block block = { .header = *h, .hash = consensus_header_hash(h) };
	struct sr_bytes out = { NULL, 0 };
	struct sr_writer w;
	size_t n = 0;

	sr_writer_init(&w, CORE_MESSAGE_MAX);
	consensus_archive_row_write(&w, &block, NULL, final);
	if (sr_writer_finish(&w) == SR_OK) {
		out.p = sr_writer_take(&w, &n);
		out.n = n;
	}
	return out;
}

size_t trail_rows(struct sr_bytes rows[EPOCH_TRAIL_HEADERS_MAX], const struct enclave_core *self,
    uint64_t epoch, uint64_t from_height)
{
	struct consensus_cert *final = malloc(sizeof(*final));
	struct sr_bytes headers, cert;
	struct consensus_header h;
	struct sr_reader r;
	size_t n = 0;

	if (final == NULL || !step_find(self, epoch, &headers, &cert)) {
		free(final);
		return 0;
	}
	sr_reader_init(&r, cert.p, cert.n);
	consensus_cert_read(final, &r);
	sr_reader_init(&r, headers.p, headers.n);
	consensus_header_read(&h, &r);  /* the CLOSE block has its own place in the archive */
	while (r.left > 0 && n < EPOCH_TRAIL_HEADERS_MAX) {
		consensus_header_read(&h, &r);
		if (r.error != SR_OK)
			break;
		if (h.height < from_height)
			continue;
		rows[n] = row_make(&h, r.left == 0 ? final : NULL);
		if (rows[n].p == NULL)
			break;
		n++;
	}
	free(final);
	return n;
}
