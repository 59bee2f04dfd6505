/* strongroom split, combine: shares on paper or in drawers, without any cluster. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/drbg.h"
#include "cli/cli.h"
#include "cli/io.h"
#include "shamir/share_file.h"

#define BLOCK 65536u

/* --- split --- */

struct splitting {
	struct cli *cli;
	struct shamir_splitter *splitter;
	unsigned t, n;
	int fds[SHAMIR_GF_SHARES_MAX];
	char *paths[SHAMIR_GF_SHARES_MAX];
	unsigned opened;
	uint8_t *out[SHAMIR_GF_SHARES_MAX];
	struct sr_secret_bytes in;
};

static enum sr_error shares_create(struct splitting *s, const char *prefix)
{
	char path[CLI_PATH_MAX];

	for (; s->opened < s->n; s->opened++) {
		if (snprintf(path, sizeof path, "%s.%03u.share", prefix, s->opened + 1)
		    >= (int)sizeof path)
			return SR_ERR_TOO_LONG;
		s->paths[s->opened] = strdup(path);
		if (s->paths[s->opened] == NULL)
			return SR_ERR_NO_MEMORY;
		s->fds[s->opened] = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (s->fds[s->opened] < 0) {
			enum sr_error error = errno == EEXIST ? SR_ERR_IN_USE : SR_ERR_IO;

			cli_fail(s->cli, error, "the share file %s", path);
			free(s->paths[s->opened]);
			return error;
		}
	}
	return SR_OK;
}

static enum sr_error split_body(struct splitting *s, int in, uint64_t bytes)
{
	struct cli_progress progress;
	uint64_t done = 0;
	enum sr_error error = SR_OK;

	cli_progress_start(&progress, s->cli, "splitting", bytes);
	for (unsigned i = 0; i < s->n && error == SR_OK; i++) {
		uint8_t header[SHAMIR_FILE_HEADER];

		shamir_splitter_header(s->splitter, i + 1, header);
		error = io_write_all(s->fds[i], header, sizeof header);
	}
	while (error == SR_OK && done < bytes) {
		size_t size = bytes - done < BLOCK ? (size_t)(bytes - done) : BLOCK;

		error = io_read_all(in, s->in.p, size);
		if (error == SR_OK)
			error = shamir_splitter_update(s->splitter, s->out, s->in.p, size);
		for (unsigned i = 0; i < s->n && error == SR_OK; i++)
			error = io_write_all(s->fds[i], s->out[i], size);
		done += size;
		cli_progress_at(&progress, done);
	}
	if (error == SR_OK)
		error = shamir_splitter_finish(s->splitter, s->out);
	for (unsigned i = 0; i < s->n && error == SR_OK; i++) {
		error = io_write_all(s->fds[i], s->out[i], shamir_file_trailer_size(s->n));
		if (error == SR_OK && fsync(s->fds[i]) != 0)
			error = SR_ERR_IO;
	}
	cli_progress_end(&progress);
	return error;
}

static enum sr_error split_run(struct splitting *s, int in, uint64_t bytes, const char *prefix)
{
	SR_KEY32_AUTO seed;
	struct sr_drbg drbg;
	size_t room = shamir_file_trailer_size(s->n) > BLOCK ? shamir_file_trailer_size(s->n)
							     : BLOCK;
	enum sr_error error;

	SR_TRY(sr_random_system(seed.b, sizeof seed.b));
	sr_drbg_init(&drbg, &seed);
	error = shamir_splitter_new(&s->splitter, s->t, s->n, bytes, &drbg);
	sr_drbg_wipe(&drbg);
	if (error == SR_OK)
		error = sr_secret_bytes_init(&s->in, BLOCK);
	for (unsigned i = 0; i < s->n && error == SR_OK; i++)
		if ((s->out[i] = malloc(room)) == NULL)
			error = SR_ERR_NO_MEMORY;
	if (error == SR_OK)
		error = shares_create(s, prefix);
	if (error == SR_OK)
		error = split_body(s, in, bytes);
	for (unsigned i = 0; i < s->n; i++) {
		if (s->out[i] != NULL)
			sr_wipe(s->out[i], room);
		free(s->out[i]);
	}
	return error;
}

static enum cli_exit split_end(struct splitting *s, enum sr_error error)
{
	cli_list_begin(s->cli, "shares");
	for (unsigned i = 0; i < s->opened; i++) {
		if (close(s->fds[i]) != 0 && error == SR_OK)
			error = SR_ERR_IO;
		if (error == SR_OK) {
			cli_list_item(s->cli);
			cli_put_text(s->cli, "file", s->paths[i]);
			cli_say(s->cli, "%s\n", s->paths[i]);
		}
	}
	cli_list_end(s->cli);
	for (unsigned i = 0; i < s->opened; i++) {
		if (error != SR_OK)
			unlink(s->paths[i]);
		free(s->paths[i]);
	}
	shamir_splitter_free(s->splitter);
	if (s->in.p != NULL)
		sr_secret_bytes_clear(&s->in);
	return error == SR_OK ? CLI_DONE : cli_fail(s->cli, error, "splitting");
}

static enum cli_exit run_split(struct cli *cli)
{
	const char *path = cli->args[0], *prefix = cli_value(cli, "output");
	struct splitting *s;
	struct stat st;
	uint64_t n = 5, t = 3;
	int in;
	enum sr_error error;
	enum cli_exit rc;

	if (!cli_option_number(cli, &n, "shares", 2, SHAMIR_GF_SHARES_MAX) ||
	    !cli_option_number(cli, &t, "threshold", 2, n))
		return CLI_USAGE;
	if (t > n)
		return cli_usage(cli, SR_ERR_THRESHOLD, "--threshold is more than --shares");
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return cli_usage(
		    cli, errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO, "reading %s", path);
	if (fstat(in, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    (uint64_t)st.st_size > SR_PAYLOAD_MAX) {
		error = !S_ISREG(st.st_mode) ? SR_ERR_BAD_KIND
		    : st.st_size == 0        ? SR_ERR_EMPTY
					     : SR_ERR_PAYLOAD_SIZE;
		close(in);
		return cli_usage(cli, error, "%s", path);
	}
	s = calloc(1, sizeof *s);
	SR_ASSERT(s != NULL);
	*s = (struct splitting){ .cli = cli, .t = (unsigned)t, .n = (unsigned)n };
	error = split_run(s, in, (uint64_t)st.st_size, prefix != NULL ? prefix : path);
	close(in);
	cli_put_number(cli, "threshold", t);
	rc = split_end(s, error);
	free(s);
	if (rc == CLI_DONE)
		cli_say(cli, "any %llu of these %llu give it back; fewer tell nothing\n",
		    (unsigned long long)t, (unsigned long long)n);
	return rc;
}

/* --- combine --- */

struct joining {
	struct cli *cli;
	struct shamir_joiner *joiner;
	struct shamir_file_header headers[SHAMIR_GF_SHARES_MAX];
	int fds[SHAMIR_GF_SHARES_MAX];
	uint8_t *in[SHAMIR_GF_SHARES_MAX];
	unsigned m;
	struct sr_secret_bytes out;
};

static enum sr_error shares_open(struct joining *j)
{
	uint8_t bytes[SHAMIR_FILE_HEADER];
	unsigned bad = 0;
	enum sr_error error = SR_OK;

	for (unsigned i = 0; i < j->cli->args_n && error == SR_OK; i++) {
		j->fds[i] = open(j->cli->args[i], O_RDONLY | O_CLOEXEC);
		if (j->fds[i] < 0)
			error = errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO;
		else
			j->m++;
		if (error == SR_OK)
			error = io_read_all(j->fds[i], bytes, sizeof bytes);
		if (error == SR_OK)
			error = shamir_file_header_read(&j->headers[i], bytes);
		if (error != SR_OK)
			cli_fail(j->cli, error, "%s", j->cli->args[i]);
	}
	SR_TRY(error);
	error = shamir_joiner_new(&j->joiner, j->headers, j->m, &bad);
	if (error == SR_ERR_SHARE_TOO_FEW)
		cli_fail(j->cli, error, "%u shares, %u are needed", j->m, j->headers[0].t);
	else if (error != SR_OK && bad < j->m)
		cli_fail(j->cli, error, "%s", j->cli->args[bad]);
	return error;
}

static enum sr_error join_body(struct joining *j, int out)
{
	struct cli_progress progress;
	uint64_t bytes = j->headers[0].payload_n, done = 0;
	size_t trailer = shamir_file_trailer_size(j->headers[0].n);
	unsigned bad = j->m;
	uint8_t extra;
	enum sr_error error = SR_OK;

	cli_progress_start(&progress, j->cli, "combining", bytes);
	while (error == SR_OK && done < bytes) {
		size_t size = bytes - done < BLOCK ? (size_t)(bytes - done) : BLOCK;

		for (unsigned i = 0; i < j->m && error == SR_OK; i++)
			error = io_read_all(j->fds[i], j->in[i], size);
		if (error == SR_OK)
			error = shamir_joiner_update(
			    j->joiner, j->out.p, (const uint8_t *const *)j->in, size);
		if (error == SR_OK)
			error = io_write_all(out, j->out.p, size);
		done += size;
		cli_progress_at(&progress, done);
	}
	for (unsigned i = 0; i < j->m && error == SR_OK; i++) {
		error = io_read_all(j->fds[i], j->in[i], trailer);
		if (error == SR_OK && read(j->fds[i], &extra, 1) != 0)
			error = SR_ERR_TRAILING_BYTES;
		if (error != SR_OK)
			bad = i;
	}
	cli_progress_end(&progress);
	if (error == SR_OK)
		error = shamir_joiner_finish(j->joiner, (const uint8_t *const *)j->in, &bad);
	if (error != SR_OK)
		cli_fail(j->cli, error, "%s", bad < j->m ? j->cli->args[bad] : "the shares");
	return error;
}

static enum sr_error join_run(struct joining *j, const char *path)
{
	char temporary[CLI_PATH_MAX];
	size_t room;
	int out;
	enum sr_error error;

	SR_TRY(shares_open(j));
	room = shamir_file_trailer_size(j->headers[0].n);
	room = room > BLOCK ? room : BLOCK;
	SR_TRY(sr_secret_bytes_init(&j->out, BLOCK));
	for (unsigned i = 0; i < j->m; i++)
		if ((j->in[i] = malloc(room)) == NULL)
			return SR_ERR_NO_MEMORY;
	if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
		return SR_ERR_TOO_LONG;
	/* Nothing may appear under the name before the shares have agreed. */
	out = mkstemp(temporary);
	if (out < 0) {
		cli_fail(j->cli, SR_ERR_IO, "writing %s", path);
		return SR_ERR_IO;
	}
	error = join_body(j, out);
	if (error == SR_OK && fsync(out) != 0)
		error = SR_ERR_IO;
	if (close(out) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (error == SR_OK && rename(temporary, path) != 0)
		error = SR_ERR_IO;
	if (error != SR_OK)
		unlink(temporary);
	return error;
}

static enum cli_exit run_combine(struct cli *cli)
{
	const char *path = cli_value(cli, "output");
	struct joining *j;
	char size[CLI_TIME_TEXT];
	enum sr_error error;

	if (path == NULL)
		return cli_usage(cli, SR_ERR_USAGE, "-o FILE says where it goes");
	if (cli->args_n > SHAMIR_GF_SHARES_MAX)
		return cli_usage(cli, SR_ERR_TOO_MANY, "at most %u shares", SHAMIR_GF_SHARES_MAX);
	j = calloc(1, sizeof *j);
	SR_ASSERT(j != NULL);
	j->cli = cli;
	error = join_run(j, path);
	if (error == SR_OK) {
		cli_bytes_text(size, j->headers[0].payload_n);
		cli_put_text(cli, "file", path);
		cli_put_number(cli, "bytes", j->headers[0].payload_n);
		cli_say(cli, "%s: %s, from %u shares that agree\n", path, size, j->m);
	}
	for (unsigned i = 0; i < j->m; i++) {
		close(j->fds[i]);
		free(j->in[i]);
	}
	shamir_joiner_free(j->joiner);
	if (j->out.p != NULL)
		sr_secret_bytes_clear(&j->out);
	free(j);
	return error == SR_OK ? CLI_DONE
	    : cli->failed     ? cli_exit_of(error)
			      : cli_fail(cli, error, "combining");
}

static const struct cli_option options_split[] = {
	{ "shares", "N", "how many shares (default: 5)", false },
	{ "threshold", "T", "how many of them give it back (default: 3)", false },
	{ "output", "PREFIX", "share files are PREFIX.001.share ... (default: FILE), also -o",
	    false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_combine[] = {
	{ "output", "FILE", "where it goes, also -o", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_split[] = {
	{ "split", "", "FILE", "cut a file into shares, without any cluster", NULL, 1, 1,
	    options_split, run_split },
	{ "combine", "", "SHARE...", "a file back from its shares; a changed share is named", NULL,
	    1, CLI_ARGS_MAX, options_combine, run_combine },
	{ 0 },
};
