/* strongroom block: a block of the chain, checked against the quorum that made it final. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/client.h"

struct block {
	struct consensus_header header;
	struct epoch_record *epoch;      /* its own: the members that signed it */
	uint32_t signers, between, operations;
};

static enum sr_error signers_check(
    struct client *c, struct block *b, const struct consensus_cert *cert)
{
	struct sr_edpk keys[SR_MEMBERS_MAX];

	SR_TRY(client_epoch_at(b->epoch, c, b->header.epoch));
	for (uint32_t i = 0; i < b->epoch->n; i++)
		keys[i] = b->epoch->members[i].vote_key;
	b->signers = cert->signers_n;
	return consensus_cert_verify(cert, &c->genesis->chain_id, keys, b->epoch->n);
}

/* header | FINAL cert of it or of a descendant | count, headers in between, child first |
 * operations */
static enum sr_error block_check(struct client *c, const uint8_t *p, size_t n, struct block *b)
{
	struct consensus_cert *cert = malloc(sizeof *cert);
	struct sr_bytes header, cert_bytes;
	struct sr_hash32 last;
	struct sr_reader r, inner;
	enum sr_error error = cert != NULL ? SR_OK : SR_ERR_NO_MEMORY;
	uint64_t slot;

	sr_reader_init(&r, p, n);
	header = sr_read_blob(&r, CONSENSUS_HEADER_MAX);
	cert_bytes = sr_read_blob(&r, 64 + SR_MEMBERS_MAX * 70u);
	sr_reader_init(&inner, header.p, header.n);
	consensus_header_read(&b->header, &inner);
	if (error == SR_OK && r.error == SR_OK)
		error = sr_reader_finish(&inner);
	sr_reader_init(&inner, cert_bytes.p, cert_bytes.n);
	if (error == SR_OK) {
		consensus_cert_read(cert, &inner);
		error = sr_reader_finish(&inner);
	}
	last = consensus_header_hash(&b->header);
	slot = b->header.slot;
	b->between = sr_read_u32(&r);
	for (uint32_t i = 0; i < b->between && r.error == SR_OK && error == SR_OK; i++) {
		struct sr_bytes bytes = sr_read_blob(&r, CONSENSUS_HEADER_MAX);
		struct consensus_header h;

		sr_reader_init(&inner, bytes.p, bytes.n);
		consensus_header_read(&h, &inner);
		error = sr_reader_finish(&inner);
		if (error == SR_OK
		    && (!sr_hash32_equal(&h.parent_hash, &last) || h.epoch != b->header.epoch))
			error = SR_ERR_BAD_PARENT;
		last = consensus_header_hash(&h);
		slot = h.slot;
	}
	b->operations = sr_read_u32(&r);
	if (error == SR_OK)
		error = sr_reader_finish(&r);
	if (error == SR_OK && !sr_hash32_equal(&b->header.chain_id, &c->genesis->chain_id))
		error = SR_ERR_WRONG_CHAIN;
	if (error == SR_OK && (cert->kind != CONSENSUS_FINAL || cert->epoch != b->header.epoch ||
	    cert->slot != slot || !sr_hash32_equal(&cert->hash, &last)))
		error = SR_ERR_BAD_HASH;
	if (error == SR_OK)
		error = signers_check(c, b, cert);
	free(cert);
	return error;
}

static void block_say(struct cli *cli, const struct block *b)
{
	const struct consensus_header *h = &b->header;
	struct sr_hash32 hash = consensus_header_hash(h);
	const struct epoch_member *author = &b->epoch->members[h->author % b->epoch->n];
	char name[SR_NAME_MAX + 1], at[CLI_TIME_TEXT], hex[65], parent[65], root[65];

	cli_name_text(name, (struct sr_bytes){ author->name, author->name_n });
	cli_time_text(at, h->time_ms);
	sr_hex_encode(hex, hash.b, 32);
	sr_hex_encode(parent, h->parent_hash.b, 32);
	sr_hex_encode(root, h->pre_state_root.b, 32);
	cli_put_number(cli, "height", h->height);
	cli_put_number(cli, "epoch", h->epoch);
	cli_put_number(cli, "slot", h->slot);
	cli_put_text(cli, "hash", hex);
	cli_put_text(cli, "parent_hash", parent);
	cli_put_number(cli, "parent_slot", h->parent_slot);
	cli_put_text(cli, "pre_state_root", root);
	cli_put_number(cli, "time_ms", h->time_ms);
	cli_put_number(cli, "author", h->author);
	cli_put_text(cli, "author_name", name);
	cli_put_number(cli, "operations", b->operations);
	cli_put_number(cli, "signers", b->signers);
	cli_put_bool(cli, "close", (h->flags & CONSENSUS_CLOSE) != 0);
	cli_say(cli,
	    "block %llu  epoch %llu, slot %llu%s\n  hash        %s\n  parent      %s\n  state      "
	    " %s (before it)\n"
	    "  time        %s\n  author      %s\n  operations  %u\n  final       %u of %u members "
	    "signed%s\n",
	    (unsigned long long)h->height, (unsigned long long)h->epoch,
	    (unsigned long long)h->slot,
	    (h->flags & CONSENSUS_CLOSE) != 0 ? ", closes the epoch" : "", hex, parent, root, at,
	    name, b->operations, b->signers, b->epoch->n, b->between > 0 ? " a descendant" : "");
}

static enum cli_exit run(struct cli *cli)
{
	struct client *c;
	struct block b = { .epoch = NULL };
	uint64_t height = 0;
	enum cli_exit rc;
	enum sr_error error = SR_ERR_NOT_REACHED;

	if (cli->args_n > 0 && !cli_number(cli, &height, "the height", cli->args[0], 0, INT64_MAX))
		return CLI_USAGE;
	rc = client_connect(cli, &c);
	if (rc != CLI_DONE)
		return rc;
	b.epoch = malloc(sizeof *b.epoch);
	SR_ASSERT(b.epoch != NULL);
	for (uint32_t i = 0; i < c->epoch->n && error != SR_OK; i++) {
		uint8_t *answer;
		size_t n;

		error = client_block(c, c->order[0], height, &answer, &n);
		if (error == SR_OK)
			error = block_check(c, answer, n, &b);
		free(answer);
		if (error != SR_OK && (error != SR_ERR_WRONG_EPOCH || !client_epoch_moved(c)))
			client_rotate(c);
	}
	if (error == SR_OK)
		block_say(cli, &b);
	else
		rc = client_fail(c, error, "fetching the block");
	client_close(c);
	free(b.epoch);
	return rc;
}

const struct cli_command cli_commands_block[] = {
	{ "block", "", "[HEIGHT]", "a final block (default: the newest), checked", NULL, 0, 1, NULL,
	    run },
	{ 0 },
};
