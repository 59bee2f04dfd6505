#include "cli/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/blob.h"
#include "cli/io.h"

/* --- files --- */

/* A file without a name: gone with this process, whatever happens. */
static int nameless_file(void)
{
	const char *folder = getenv("TMPDIR");
	char path[CLI_PATH_MAX];
	int fd;

	if (folder == NULL || folder[0] != '/')
		folder = "/tmp";
	if (snprintf(path, sizeof path, "%s/strongroom-XXXXXX", folder) >= (int)sizeof path)
		return -1;
	fd = mkstemp(path);
	if (fd >= 0) {
		unlink(path);
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

/* As much as there is, up to n. */
static enum sr_error read_some(int fd, uint8_t *p, size_t n, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t r = read(fd, p + *got, n - *got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return SR_ERR_IO;
		if (r == 0)
			break;
		*got += (size_t)r;
	}
	return SR_OK;
}

/* --- where a payload comes from --- */

struct payload_source {
	int fd;                          /* the file, or the encrypted copy of the pipe */
	bool spooled;
	uint64_t bytes, at;
	struct sr_key32 key;             /* spooled: chunks of 64 KiB, nonce = number */
	uint64_t chunk;
	struct sr_secret_bytes buffer;   /* one chunk and its tag */
};

static void chunk_nonce(uint8_t nonce[SR_GCM_NONCE], uint64_t number)
{
	memset(nonce, 0, SR_GCM_NONCE);
	for (unsigned i = 0; i < 8; i++)
		nonce[i] = (uint8_t)(number >> (8 * i));
}

static enum sr_error spool(struct payload_source *self, int in)
{
	uint8_t nonce[SR_GCM_NONCE];
	size_t got;

	self->fd = nameless_file();
	if (self->fd < 0)
		return SR_ERR_IO;
	SR_TRY(sr_random_system(self->key.b, sizeof self->key.b));
	for (uint64_t i = 0;; i++) {
		SR_TRY(read_some(in, self->buffer.p, CRYPT_CHUNK, &got));
		if (got == 0)
			break;
		self->bytes += got;
		if (self->bytes > SR_PAYLOAD_MAX)
			return SR_ERR_PAYLOAD_SIZE;
		chunk_nonce(nonce, i);
		SR_TRY(
		    sr_gcm_seal(self->buffer.p, &self->key, nonce, NULL, 0, self->buffer.p, got));
		SR_TRY(io_write_all(self->fd, self->buffer.p, got + SR_GCM_TAG));
		if (got < CRYPT_CHUNK)
			break;
	}
	return lseek(self->fd, 0, SEEK_SET) == 0 ? SR_OK : SR_ERR_IO;
}

static enum sr_error source_init(struct payload_source *self, const char *path)
{
	struct stat st;
	enum sr_error error = SR_OK;
	int fd = path == NULL || strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
							: open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
	self->fd = -1;
	if (fstat(fd, &st) != 0)
		error = SR_ERR_IO;
	else if (S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0) {
		self->fd = fd;
		self->bytes = (uint64_t)st.st_size;
		return self->bytes <= SR_PAYLOAD_MAX ? SR_OK : SR_ERR_PAYLOAD_SIZE;
	} else if (S_ISDIR(st.st_mode))
		error = SR_ERR_BAD_KIND;
	else {
		self->spooled = true;
		error = spool(self, fd);
	}
	close(fd);
	return error;
}

enum cli_exit payload_source_open(struct cli *cli, const char *path, struct payload_source **out)
{
	struct payload_source *self = sr_secret_alloc(sizeof *self);
	enum sr_error error = self != NULL ? SR_OK : SR_ERR_NO_LOCKED_MEMORY;

	*out = NULL;
	if (error == SR_OK) {
		self->fd = -1;
		error = sr_secret_bytes_init(&self->buffer, CRYPT_CHUNK + SR_GCM_TAG);
	}
	if (error == SR_OK)
		error = source_init(self, path);
	if (error == SR_OK) {
		*out = self;
		return CLI_DONE;
	}
	if (self != NULL)
		payload_source_close(self);
	return cli_usage(cli, error, "reading %s", path == NULL || strcmp(path, "-") == 0 ?
	    "standard input" : path);
}

uint64_t payload_source_bytes(const struct payload_source *self)
{
	return self->bytes;
}

void payload_source_close(struct payload_source *self)
{
	if (self == NULL)
		return;
	if (self->fd >= 0)
		close(self->fd);
	sr_secret_bytes_clear(&self->buffer);
	sr_secret_free(self);
}

/* Exactly n bytes (n at most a chunk), from a chunk's beginning. */
static enum sr_error source_read(struct payload_source *self, uint8_t *out, size_t n)
{
	uint8_t nonce[SR_GCM_NONCE];
	size_t got;

	if (n == 0)
		return SR_OK;
	self->at += n;
	if (!self->spooled) {
		SR_TRY(read_some(self->fd, out, n, &got));
		return got == n ? SR_OK : SR_ERR_IO;    /* it shrank under us */
	}
	SR_TRY(read_some(self->fd, self->buffer.p, n + SR_GCM_TAG, &got));
	if (got != n + SR_GCM_TAG)
		return SR_ERR_IO;
	chunk_nonce(nonce, self->chunk++);
	return sr_gcm_open(out, &self->key, nonce, NULL, 0, self->buffer.p, got);
}

/* --- out: encrypt, code, send --- */

/* The next chunk of the padded payload. */
static enum sr_error chunk_read(struct payload_source *source, uint8_t *out, size_t n)
{
	uint64_t left = source->bytes - source->at;
	size_t have = left < n ? (size_t)left : n;

	SR_TRY(source_read(source, out, have));
	memset(out + have, 0, n - have);
	return SR_OK;
}

static enum sr_error encrypt(struct payload_source *source, struct crypt_stream *stream,
    struct blob_coder *coder, struct cli_progress *progress)
{
	struct sr_secret_bytes chunk;
	uint8_t head[CRYPT_HEAD];
	size_t n;
	enum sr_error error = crypt_seal_head(stream, head, source->bytes);

	if (error == SR_OK)
		error = blob_coder_update(coder, head, sizeof head);
	SR_TRY(error);
	SR_TRY(sr_secret_bytes_init(&chunk, CRYPT_CHUNK + SR_GCM_TAG));
	while (error == SR_OK && (n = crypt_next(stream)) > 0) {
		error = chunk_read(source, chunk.p, n);
		if (error == SR_OK)
			error = crypt_seal_chunk(stream, chunk.p, chunk.p);
		if (error == SR_OK)
			error = blob_coder_update(coder, chunk.p, n + SR_GCM_TAG);
		cli_progress_at(progress, stream->at);
	}
	sr_secret_bytes_clear(&chunk);
	return error;
}

/* Pieces go by seat; seats that nobody has are not at the end. */
static uint32_t seats_count(const struct epoch_record *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		if (r->members[i].seat >= n)
			n = r->members[i].seat + 1;
	return n;
}

static enum sr_error pieces_make(struct client *c, struct payload_source *source,
    const struct sr_key32 *dek, struct vault_payload *p, const int *fds)
{
	struct crypt_stream stream;
	struct cli_progress progress;
	struct blob_coder *coder = NULL;
	enum sr_error error = crypt_start(&stream, dek, p->plain_bytes);

	cli_progress_start(&progress, c->cli, "encrypting", p->plain_bytes);
	if (error == SR_OK)
		error = blob_coder_new(&coder, p, crypt_stream_bytes(p->plain_bytes),
		    c->epoch->n, seats_count(c->epoch), fds);
	if (error == SR_OK)
		error = encrypt(source, &stream, coder, &progress);
	if (error == SR_OK)
		error = blob_coder_finish(coder, p);
	blob_coder_free(coder);
	crypt_wipe(&stream);
	cli_progress_end(&progress);
	return error;
}

/* That piece of p at that member. */
static void blob_request(const struct client *c, struct http_request *r, enum http_verb verb,
    uint32_t member, const struct vault_payload *p, uint32_t piece, int fd)
{
	char hash[65];

	*r = (struct http_request){ .verb = verb, .fd = fd };
	sr_hex_encode(hash, p->piece_hash[piece].b, 32);
	snprintf(r->url, sizeof r->url, "%s/blob/%s", c->epoch->members[member].url, hash);
	r->pin = c->epoch->members[member].url_pin;
	r->type = verb == HTTP_PUT ? "application/octet-stream" : NULL;
	r->answer_max = verb == HTTP_PUT ? 65536 : blob_piece_bytes(p);
	r->fd_bytes = verb == HTTP_PUT ? blob_piece_bytes(p) : 0;
}

struct transfer { struct http_request *requests; uint32_t n; struct cli_progress progress; };

static void transfer_step(void *ctx)
{
	struct transfer *t = ctx;
	uint64_t moved = 0;

	for (uint32_t i = 0; i < t->n; i++)
		moved += t->requests[i].moved;
	cli_progress_at(&t->progress, moved);
}

static void transfer_run(struct client *c, struct transfer *t, const char *what, uint64_t total)
{
	struct http_request *list[SR_MEMBERS_MAX];

	for (uint32_t i = 0; i < t->n; i++)
		list[i] = &t->requests[i];
	cli_progress_start(&t->progress, c->cli, what, total);
	http_run(c->http, list, t->n, NULL, transfer_step, t);
	cli_progress_end(&t->progress);
}

static bool stored(const struct http_request *r)
{
	return r->error == SR_OK && r->status >= 200 && r->status < 300;
}

/* Sends every piece to its member; those that fail get more tries while there is time. */
static enum sr_error pieces_send(struct client *c, const struct vault_payload *p, const int *fds,
    uint32_t *took)
{
	struct http_request requests[SR_MEMBERS_MAX];
	struct transfer t = { .requests = requests };
	bool done[SR_MEMBERS_MAX] = { false };   /* members */
	uint32_t which[SR_MEMBERS_MAX];
	uint64_t until = cli_monotonic_ms() + c->cli->timeout_ms;

	*took = 0;
	do {
		t.n = 0;
		for (uint32_t i = 0; i < c->epoch->n; i++) {
			uint32_t seat = c->epoch->members[i].seat;

			if (done[i])
				continue;
			blob_request(c, &requests[t.n], HTTP_PUT, i, p, seat, fds[seat]);
			which[t.n++] = i;
		}
		transfer_run(c, &t, "storing", blob_piece_bytes(p) * t.n);
		for (uint32_t i = 0; i < t.n; i++) {
			if (stored(&requests[i])) {
				done[which[i]] = true;
				++*took;
			} else {
				client_trouble(c, which[i],
				    requests[i].error != SR_OK      ? requests[i].error
					: requests[i].status == 507 ? SR_ERR_DISK_FULL
								    : SR_ERR_IO);
			}
			http_request_clear(&requests[i]);
		}
		if (*took >= blob_needed(c->epoch->n))
			return SR_OK;
		cli_pause_ms(200);
	} while (cli_monotonic_ms() < until);
	return SR_ERR_BLOB_MISSING;
}

static enum cli_exit store_pieces(struct client *c, struct payload_source *source,
    const struct sr_key32 *dek, struct vault_payload *p)
{
	int fds[SR_MEMBERS_MAX];
	uint32_t took = 0, seats = seats_count(c->epoch);
	enum sr_error error = SR_OK;
	enum cli_exit rc = CLI_DONE;

	for (uint32_t i = 0; i < seats; i++) {
		fds[i] = epoch_record_seat(c->epoch, i) != EPOCH_NOBODY ? nameless_file() : -1;
		if (fds[i] < 0 && epoch_record_seat(c->epoch, i) != EPOCH_NOBODY)
			error = SR_ERR_IO;
	}
	if (error == SR_OK)
		error = pieces_make(c, source, dek, p, fds);
	if (error != SR_OK) {
		rc = cli_fail(c->cli, error, "encrypting the payload into temporary files");
	} else if ((error = pieces_send(c, p, fds, &took)) != SR_OK) {
		cli_fail(c->cli, error,
		    "only %u of %u members took their piece, %u are needed (last: %s)", took,
		    c->epoch->n, blob_needed(c->epoch->n), c->trouble);
		rc = CLI_UNREACHED;
	} else if (took < c->epoch->n) {
		cli_warn(c->cli,
		    "strongroom: %u of %u members took their piece; any %u restore it\n", took,
		    c->epoch->n, p->data_pieces);
	}
	for (uint32_t i = 0; i < seats; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	/* The time limit is for the cluster's answers, not for moving bytes. */
	c->cli->started_ms = cli_monotonic_ms();
	return rc;
}

enum cli_exit payload_store(struct client *c, struct payload_source *source,
    const struct sr_key32 *dek, struct vault_payload *p, uint8_t *inline_buffer)
{
	struct sr_secret_bytes plain;
	enum sr_error error;

	memset(p, 0, sizeof *p);
	p->plain_bytes = crypt_bucket(source->bytes);
	if (p->plain_bytes > SR_INLINE_PAYLOAD_MAX)
		return store_pieces(c, source, dek, p);
	error = sr_secret_bytes_init(&plain, CRYPT_CHUNK);
	if (error == SR_OK) {
		error = source_read(source, plain.p, (size_t)source->bytes);
		if (error == SR_OK)
			error = crypt_seal(inline_buffer, dek, plain.p, (size_t)source->bytes);
		sr_secret_bytes_clear(&plain);
	}
	if (error != SR_OK)
		return cli_fail(c->cli, error, "encrypting the payload");
	p->inlined = true;
	p->inline_bytes = (struct sr_bytes){ inline_buffer,
		(size_t)crypt_stream_bytes(p->plain_bytes) };
	return CLI_DONE;
}

/* --- back: fetch, restore, decrypt --- */

/* A file that appears whole under its name, or not at all; or standard output. */
struct sink { int fd; char path[CLI_PATH_MAX], temporary[CLI_PATH_MAX]; };

static enum sr_error sink_open(struct sink *s, const char *path)
{
	int n;

	s->fd = STDOUT_FILENO;
	s->path[0] = '\0';
	if (path == NULL)
		return SR_OK;
	n = snprintf(s->path, sizeof s->path, "%s", path);
	if (n <= 0
	    || snprintf(s->temporary, sizeof s->temporary, "%s.XXXXXX", path) >= (int)CLI_PATH_MAX)
		return SR_ERR_TOO_LONG;
	s->fd = mkstemp(s->temporary);
	return s->fd >= 0 ? SR_OK : SR_ERR_IO;
}

static enum sr_error sink_close(struct sink *s, enum sr_error error)
{
	if (s->path[0] == '\0' || s->fd < 0)
		return error;
	if (error == SR_OK && fsync(s->fd) != 0)
		error = errno == ENOSPC ? SR_ERR_DISK_FULL : SR_ERR_IO;
	if (close(s->fd) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (error == SR_OK && rename(s->temporary, s->path) != 0)
		error = SR_ERR_IO;
	if (error != SR_OK)
		unlink(s->temporary);
	return error;
}

struct pieces {
	int fds[SR_MEMBERS_MAX];
	uint32_t which[SR_MEMBERS_MAX], good;
	bool tried[SR_MEMBERS_MAX];
};

static bool piece_good(struct client *c, const struct http_request *r, uint32_t member,
    const struct vault_payload *p, uint32_t piece)
{
	char name[SR_NAME_MAX + 1];

	if (r->error != SR_OK || r->status != 200) {
		client_trouble(c, member, r->error != SR_OK ? r->error : SR_ERR_NOT_FOUND);
		return false;
	}
	if (r->answer_n == blob_piece_bytes(p) && sr_hash32_equal(&r->hash, &p->piece_hash[piece]))
		return true;
	client_member_name(c, member, name);
	cli_warn(c->cli,
	    "strongroom: member %s gave a piece with other bytes; going on without it\n", name);
	client_trouble(c, member, SR_ERR_BAD_HASH);
	return false;
}

/* As many untried pieces as are still missing, all at once. False: none left to try. */
static bool pieces_round(struct client *c, const struct vault_payload *p, struct pieces *s)
{
	struct http_request requests[SR_MEMBERS_MAX];
	uint32_t piece[SR_MEMBERS_MAX], member[SR_MEMBERS_MAX];
	struct transfer t = { .requests = requests };

	for (uint32_t i = 0; i < p->pieces_n && s->good + t.n < p->data_pieces; i++) {
		uint32_t at = epoch_record_seat(c->epoch, i);
		int fd;

		if (s->tried[i] || at == EPOCH_NOBODY || (fd = nameless_file()) < 0)
			continue;
		s->tried[i] = true;
		piece[t.n] = i;
		member[t.n] = at;
		blob_request(c, &requests[t.n++], HTTP_GET, at, p, i, fd);
	}
	if (t.n == 0)
		return false;
	transfer_run(c, &t, "fetching", blob_piece_bytes(p) * t.n);
	for (uint32_t i = 0; i < t.n; i++) {
		if (piece_good(c, &requests[i], member[i], p, piece[i])
		    && lseek(requests[i].fd, 0, SEEK_SET) == 0) {
			s->which[s->good] = piece[i];
			s->fds[s->good++] = requests[i].fd;
		} else {
			close(requests[i].fd);
		}
		http_request_clear(&requests[i]);
	}
	return true;
}

static enum sr_error pieces_fetch(struct client *c, const struct vault_payload *p, struct pieces *s)
{
	uint64_t until = cli_monotonic_ms() + c->cli->timeout_ms;

	while (s->good < p->data_pieces) {
		if (pieces_round(c, p, s))
			continue;
		/* All were asked. A member that was away may be back, or another on its seat. */
		if (cli_monotonic_ms() >= until)
			return SR_ERR_BLOB_MISSING;
		(void)!client_trail_fetch(c);
		memset(s->tried, 0, sizeof s->tried);
		for (uint32_t i = 0; i < s->good; i++)
			s->tried[s->which[i]] = true;
		cli_pause_ms(200);
	}
	return SR_OK;
}

static enum sr_error decrypt(struct blob_reader *reader, struct crypt_stream *stream, int out,
    struct cli_progress *progress)
{
	struct sr_secret_bytes chunk;
	uint8_t head[CRYPT_HEAD];
	size_t size, n;
	enum sr_error error;

	SR_TRY(blob_reader_read(reader, head, sizeof head));
	SR_TRY(crypt_open_head(stream, head));
	SR_TRY(sr_secret_bytes_init(&chunk, CRYPT_CHUNK + SR_GCM_TAG));
	error = SR_OK;
	while (error == SR_OK && (size = crypt_next(stream)) > 0) {
		error = blob_reader_read(reader, chunk.p, size + SR_GCM_TAG);
		if (error == SR_OK)
			error = crypt_open_chunk(stream, chunk.p, &n, chunk.p);
		if (error == SR_OK)
			error = io_write_all(out, chunk.p, n);
		cli_progress_at(progress, stream->at);
	}
	sr_secret_bytes_clear(&chunk);
	return error;
}

static enum sr_error restore(struct client *c, const struct vault_payload *p,
    const struct sr_key32 *dek, const struct pieces *s, int out, uint64_t *bytes)
{
	struct crypt_stream stream;
	struct cli_progress progress;
	struct blob_reader *reader = NULL;
	enum sr_error error = crypt_start(&stream, dek, p->plain_bytes);

	cli_progress_start(&progress, c->cli, "decrypting", p->plain_bytes);
	if (error == SR_OK && p->cipher_bytes != crypt_stream_bytes(p->plain_bytes))
		error = SR_ERR_BAD_ENCODING;
	if (error == SR_OK)
		error = blob_reader_new(&reader, p, s->which, s->fds);
	if (error == SR_OK)
		error = decrypt(reader, &stream, out, &progress);
	*bytes = stream.bytes;
	blob_reader_free(reader);
	crypt_wipe(&stream);
	cli_progress_end(&progress);
	return error;
}

static enum sr_error fetch_inline(
    const struct vault_payload *p, const struct sr_key32 *dek, int out, uint64_t *bytes)
{
	struct sr_secret_bytes plain;
	size_t n = 0;
	enum sr_error error;

	if (p->plain_bytes > SR_INLINE_PAYLOAD_MAX)
		return SR_ERR_PAYLOAD_SIZE;
	SR_TRY(sr_secret_bytes_init(&plain, (size_t)p->plain_bytes));
	error = crypt_open(plain.p, &n, dek, p->plain_bytes, p->inline_bytes.p, p->inline_bytes.n);
	if (error == SR_OK)
		error = io_write_all(out, plain.p, n);
	*bytes = n;
	sr_secret_bytes_clear(&plain);
	return error;
}

enum cli_exit payload_fetch(struct client *c, const struct vault_payload *p,
    const struct sr_key32 *dek, const char *path, uint64_t *bytes)
{
	struct pieces s = { .good = 0 };
	struct sink sink;
	enum sr_error error = SR_OK;

	*bytes = 0;
	if (!p->inlined) {
		error = blob_check(p);
		if (error == SR_OK)
			error = pieces_fetch(c, p, &s);
		if (error != SR_OK)
			cli_fail(c->cli, error,
			    "%u pieces of the payload were found, %u are needed (last: %s)", s.good,
			    p->data_pieces, c->trouble);
	}
	if (error == SR_OK) {
		error = sink_open(&sink, path);
		if (error == SR_OK)
			error = sink_close(&sink,
			    p->inlined ? fetch_inline(p, dek, sink.fd, bytes)
				       : restore(c, p, dek, &s, sink.fd, bytes));
		if (error != SR_OK)
			cli_fail(c->cli, error, "writing the payload");
	}
	for (uint32_t i = 0; i < s.good; i++)
		close(s.fds[i]);
	c->cli->started_ms = cli_monotonic_ms();
	return error == SR_OK              ? CLI_DONE
	    : error == SR_ERR_BLOB_MISSING ? CLI_UNREACHED
					   : cli_exit_of(error);
}
