#include "cli/submit.h"

#define SUBMIT_MS 10000u

enum sr_error submit_receipt(struct vault_receipt *out, const uint8_t *p, size_t n)
{
	struct sr_reader r;

	sr_reader_init(&r, p, n);
	vault_receipt_read(out, &r);
	return sr_reader_finish(&r);
}

/* What one member says. Passing troubles come back as errors. */
static enum sr_error submit_once(struct client *c, struct sr_bytes op,
    const struct sr_hash32 *hash, struct vault_receipt *receipt)
{
	uint64_t left = cli_left_ms(c->cli);
	enum sr_error code, error;
	uint8_t *answer;
	size_t n;

	SR_TRY(client_ask(c, CLIENT_SUBMIT, c->order[0], op,
	    left < SUBMIT_MS ? left + 1 : SUBMIT_MS, &code, &answer, &n));
	if (n > 0) {
		error = submit_receipt(receipt, answer, n);
		if (error == SR_OK && !sr_hash32_equal(&receipt->op, hash))
			error = SR_ERR_BINDING;
		code = (enum sr_error)receipt->code;
	} else {
		error = code == SR_OK ? SR_ERR_BAD_ENCODING : SR_OK;
		*receipt = (struct vault_receipt){ .op = *hash, .code = (uint16_t)code };
	}
	client_answer_free(answer, n);
	/* Nonces are never too high (act.c): who says so lags. */
	if (error == SR_OK && (client_passing(code) || code == SR_ERR_WRONG_EPOCH ||
	    code == SR_ERR_NONCE_AHEAD))
		error = code;
	if (error != SR_OK)
		client_trouble(c, c->order[0], error);
	return error;
}

enum sr_error submit_op(struct client *c, struct sr_bytes op, const struct sr_hash32 *hash,
    struct vault_receipt *receipt)
{
	bool refused[SR_MEMBERS_MAX] = { false };
	uint32_t refusals = 0;
	unsigned asked = 0;

	for (;;) {
		enum sr_error error = submit_once(c, op, hash, receipt);

		if (error == SR_ERR_WRONG_EPOCH && client_epoch_moved(c))
			return error;
		if (error == SR_OK && receipt->code == SR_OK)
			return SR_OK;
		if (error == SR_OK && !refused[c->order[0]]) {
			refused[c->order[0]] = true;
			client_trouble(c, c->order[0], (enum sr_error)receipt->code);
			if (++refusals >= consensus_quorum(c->epoch->n))
				return SR_OK;
		}
		client_rotate(c);
		if (cli_left_ms(c->cli) == 0)
			return SR_ERR_TIMED_OUT;
		if (++asked % c->epoch->n == 0)
			cli_pause_ms(100);
	}
}
