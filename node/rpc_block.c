/* node/rpc_block.c - a block as the explorer shows it: public fields, and all of the answer as hex
 * for who checks it. */
#include "consensus/wire.h"
#include "node/rpc.h"

static json_t *hash_json(const struct sr_hash32 *h)
{
	return rpc_hex(h->b, sizeof h->b);
}

static json_t *header_json(const struct consensus_header *h)
{
	struct sr_hash32 hash = consensus_header_hash(h);
	json_t *json = json_pack(
	    "{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:b, s:b}", "hash",
	    hash_json(&hash), "chain_id", hash_json(&h->chain_id), "height", (json_int_t)h->height,
	    "epoch", (json_int_t)h->epoch, "slot", (json_int_t)h->slot, "author",
	    (json_int_t)h->author, "time_ms", (json_int_t)h->time_ms, "parent_slot",
	    (json_int_t)h->parent_slot, "parent_hash", hash_json(&h->parent_hash), "ops_root",
	    hash_json(&h->ops_root), "pre_state_root", hash_json(&h->pre_state_root), "close",
	    (h->flags & CONSENSUS_CLOSE) != 0, "ingress_ok",
	    (h->flags & CONSENSUS_INGRESS_OK) != 0);

	if ((h->flags & CONSENSUS_CLOSE) != 0) {
		json_object_set_new(json, "next_roster_root", hash_json(&h->next_roster_root));
		json_object_set_new(json, "post_state_root", hash_json(&h->post_state_root));
	}
	return json;
}

static json_t *cert_json(const struct consensus_cert *c)
{
	json_t *signers = json_array();

	for (uint32_t i = 0; i < c->signers_n; i++)
		json_array_append_new(signers, json_integer((json_int_t)c->signers[i].voter));
	return json_pack("{s:I, s:I, s:o, s:o}", "epoch", (json_int_t)c->epoch, "slot",
	    (json_int_t)c->slot, "hash", hash_json(&c->hash), "signers", signers);
}

json_t *rpc_block_json(const uint8_t *bytes, size_t n)
{
	struct consensus_header header;
	struct consensus_cert cert;
	struct sr_reader r, inner;
	struct sr_bytes header_bytes, cert_bytes;
	uint32_t operations = 0;
	json_t *json;

	sr_reader_init(&r, bytes, n);
	header_bytes = sr_read_blob(&r, CONSENSUS_HEADER_MAX);
	cert_bytes = sr_read_blob(&r, n);
	if (r.error != SR_OK || r.left < 4)
		return NULL;
	/* The count is the last thing in every form of the answer. */
	sr_reader_init(&inner, bytes + n - 4, 4);
	operations = sr_read_u32(&inner);
	sr_reader_init(&inner, header_bytes.p, header_bytes.n);
	consensus_header_read(&header, &inner);
	if (sr_reader_finish(&inner) != SR_OK)
		return NULL;
	sr_reader_init(&inner, cert_bytes.p, cert_bytes.n);
	consensus_cert_read(&cert, &inner);
	if (sr_reader_finish(&inner) != SR_OK)
		return NULL;
	json = header_json(&header);
	json_object_set_new(json, "operations", json_integer((json_int_t)operations));
	json_object_set_new(json, "certificate", cert_json(&cert));
	json_object_set_new(json, "raw", rpc_hex(bytes, n));
	return json;
}
