#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/io.h"
#include "cli/rpc.h"
#include "cli/settings.h"

/* --- what is pinned --- */

static enum sr_error client_new(struct client **out, struct cli *cli)
{
	struct client *self = calloc(1, sizeof *self);
	SR_KEY32_AUTO seed;

	*out = self;
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->cli = cli;
	self->genesis = calloc(1, sizeof *self->genesis);
	self->epoch = calloc(1, sizeof *self->epoch);
	self->known = calloc(1, sizeof *self->known);
	if (self->genesis == NULL || self->epoch == NULL || self->known == NULL)
		return SR_ERR_NO_MEMORY;
	SR_TRY(sr_random_system(seed.b, sizeof seed.b));
	sr_drbg_init(&self->drbg, &seed);
	return http_new(&self->http);
}

static enum cli_exit genesis_load(struct client *self)
{
	char path[CLI_PATH_MAX];
	size_t n;
	enum sr_error error;
	enum cli_exit rc = settings_genesis(self->cli, path);

	if (rc != CLI_DONE)
		return rc;
	error = io_load(&self->genesis_bytes, &n, path, GENESIS_FILE_MAX);
	if (error != SR_OK)
		return cli_usage(self->cli, error, "the pinned genesis %s", path);
	/* Checks every entry's signature and every member's evidence. */
	error = genesis_decode(self->genesis, self->genesis_bytes, n);
	if (error != SR_OK)
		return cli_fail(self->cli, error, "the pinned genesis %s", path);
	epoch_record_genesis(self->epoch, self->genesis);
	if (settings_checkpoint(self->cli) != NULL
	    && client_pin(self, settings_checkpoint(self->cli)) != SR_OK)
		return cli_usage(self->cli, SR_ERR_BAD_SYNTAX,
		    "the checkpoint %s: EPOCH:HEX is wanted, as strongroom checkpoint prints it",
		    settings_checkpoint(self->cli));
	error = client_order(self);
	if (error == SR_OK)
		error = client_kept(self);
	return error == SR_OK ? CLI_DONE : cli_fail(self->cli, error, "starting");
}

enum cli_exit client_open(struct cli *cli, struct client **out)
{
	enum sr_error error = client_new(out, cli);
	enum cli_exit rc;

	rc = error == SR_OK ? genesis_load(*out) : cli_fail(cli, error, "starting");
	if (rc != CLI_DONE) {
		client_close(*out);
		*out = NULL;
	}
	return rc;
}

void client_close(struct client *self)
{
	if (self == NULL)
		return;
	http_free(self->http);
	free(self->genesis_bytes);
	free(self->genesis);
	free(self->epoch);
	free(self->known);
	free(self->closes);
	sr_drbg_wipe(&self->drbg);
	free(self);
}

uint32_t client_faults(const struct client *self)
{
	return consensus_faults(self->epoch->n);
}

void client_rotate(struct client *self)
{
	uint32_t first = self->order[0], n = self->epoch->n;

	memmove(self->order, self->order + 1, (n - 1) * sizeof self->order[0]);
	self->order[n - 1] = first;
}

void client_member_name(const struct client *self, uint32_t member, char out[SR_NAME_MAX + 1])
{
	struct sr_bytes name = { (const uint8_t *)"?", 1 };

	if (member < self->epoch->n) {
		name.p = self->epoch->members[member].name;
		name.n = self->epoch->members[member].name_n;
	}
	cli_name_text(out, name);
}

/* --- public methods --- */

void client_trouble(struct client *self, uint32_t member, enum sr_error error)
{
	char name[SR_NAME_MAX + 1];

	client_member_name(self, member, name);
	snprintf(
	    self->trouble, sizeof self->trouble, "%s: %s", name, sr_error_name((unsigned)error));
}

void client_to_member(const struct client *self, struct rpc_call *call, uint32_t member)
{
	call->member = member;
	call->url = self->epoch->members[member].url;
	call->pin = self->epoch->members[member].url_pin;
}

static enum sr_error public_call(struct client *self, struct rpc_call *call, uint32_t member,
    uint8_t **answer, size_t *answer_n)
{
	client_to_member(self, call, member);
	call->answer_max = CLIENT_BYTES_MAX;
	rpc_run(self->http, &call, 1, NULL, NULL);
	*answer = NULL;
	*answer_n = 0;
	if (call->error != SR_OK) {
		client_trouble(self, member, call->error);
		rpc_clear(call);
		return call->error;
	}
	*answer = call->answer;
	*answer_n = call->answer_n;
	return SR_OK;
}

enum sr_error client_public(struct client *self, enum client_method method, uint32_t member,
    struct sr_bytes payload, uint8_t **answer, size_t *answer_n, uint64_t timeout_ms)
{
	struct rpc_call call = { .method = method, .payload = payload, .timeout_ms = timeout_ms };

	return public_call(self, &call, member, answer, answer_n);
}

enum sr_error client_block(struct client *self, uint32_t member, uint64_t height, uint8_t **answer,
    size_t *answer_n)
{
	struct rpc_call call = { .method = CLIENT_BLOCK, .number = height, .timeout_ms = 5000 };

	return public_call(self, &call, member, answer, answer_n);
}

/* One call of the same method to every member. NULL when there is no memory. */
static struct rpc_call *calls_new(struct client *self, enum client_method method,
    struct rpc_call **list, uint64_t timeout_ms)
{
	struct rpc_call *calls = calloc(self->epoch->n, sizeof *calls);

	for (uint32_t i = 0; calls != NULL && i < self->epoch->n; i++) {
		calls[i].method = method;
		calls[i].timeout_ms = timeout_ms;
		calls[i].answer_max = CLIENT_BYTES_MAX;
		client_to_member(self, &calls[i], self->order[i]);
		list[i] = &calls[i];
	}
	return calls;
}

static void calls_free(struct client *self, struct rpc_call *calls)
{
	for (uint32_t i = 0; i < self->epoch->n; i++)
		rpc_clear(&calls[i]);
	free(calls);
}

void client_statuses(struct client *self, struct enclave_status *statuses, bool *ok,
    uint64_t timeout_ms)
{
	struct rpc_call *list[SR_MEMBERS_MAX], *calls;

	memset(ok, 0, self->epoch->n * sizeof *ok);
	calls = calls_new(self, CLIENT_STATUS, list, timeout_ms);
	if (calls == NULL)
		return;
	rpc_run(self->http, list, self->epoch->n, NULL, NULL);
	for (uint32_t i = 0; i < self->epoch->n; i++) {
		struct sr_reader r;

		if (calls[i].error != SR_OK)
			continue;
		sr_reader_init(&r, calls[i].answer, calls[i].answer_n);
		enclave_status_read(&statuses[calls[i].member], &r);
		/* A stranger's cluster on our port is not ours. */
		ok[calls[i].member] = sr_reader_finish(&r) == SR_OK &&
		    sr_hash32_equal(&statuses[calls[i].member].chain_id, &self->genesis->chain_id);
	}
	calls_free(self, calls);
}

enum cli_exit client_trail_fail(struct client *self, enum sr_error error)
{
	const char *who = self->trouble[0] != '\0' ? self->trouble : "none tried";

	if (error == SR_ERR_NOT_READY)
		return cli_fail(
		    self->cli, error, "the members have not finished making the vault key");
	if (error == SR_ERR_TRAIL_FORK)
		return cli_fail(self->cli, error, "members show two pasts of this cluster (%s); "
		    "have an operator you trust run strongroom checkpoint, and pin what it prints "
		    "with --checkpoint", who);
	if (error == SR_ERR_CHECKPOINT_OTHER)
		return cli_fail(self->cli, error, "the checkpoint %s (%s)",
		    settings_checkpoint(self->cli), who);
	return cli_fail(self->cli, error, "no member answered (%s)", who);
}

enum cli_exit client_connect(struct cli *cli, struct client **out)
{
	enum cli_exit rc = client_open(cli, out);
	enum sr_error error;

	if (rc != CLI_DONE)
		return rc;
	error = client_trail_fetch(*out);
	rc = client_node_check(*out);
	if (error == SR_OK && (*out)->epoch->epoch == 0)
		error = SR_ERR_NOT_READY;
	if (error == SR_OK && rc == CLI_DONE)
		return CLI_DONE;
	if (rc == CLI_DONE)
		rc = client_trail_fail(*out, error);
	client_close(*out);
	*out = NULL;
	return rc;
}

enum cli_exit client_begin(struct cli *cli, struct client **c, struct key **k)
{
	enum cli_exit rc = keyfile_open(cli, k);

	*c = NULL;
	if (rc == CLI_DONE)
		rc = client_connect(cli, c);
	return rc;
}

enum cli_exit client_end(struct client *c, struct key *k, enum cli_exit rc)
{
	client_close(c);
	key_free(k);
	return rc;
}
