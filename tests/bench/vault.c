/* Operations a second through the state machine, signatures left out: transfers and mints over
 * 100,000 NFTs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "vault/vault.h"

#define ACCOUNTS 1000u
#define NFTS 100000u
#define OPS 200000u
#define BLOCK_OPS 2000u

struct bench {
	struct vault_tree *t;
	struct vault_block block;
	uint64_t nonce[ACCOUNTS];
	uint8_t *bytes[BLOCK_OPS];
	struct vault_op ops[BLOCK_OPS];
	uint32_t owner[NFTS + 1];
	uint64_t version[NFTS + 1];
	double applying_s, rooting_s;
};

static struct bench bench;

static void must(enum sr_error error)
{
	if (error == SR_OK)
		return;
	fprintf(stderr, "%s\n", sr_error_message(error));
	exit(EXIT_FAILURE);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct vault_account account(uint32_t i)
{
	struct vault_account a = { .kind = VAULT_ACCOUNT_ED25519 };

	memcpy(a.b, &i, sizeof i);
	return a;
}

static void make(
    uint32_t slot, uint32_t who, enum vault_op_kind kind, const union vault_op_body *body)
{
	static const uint8_t no_signature[64];
	struct vault_account a = account(who);
	struct sr_writer w;
	size_t n;

	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &bench.block.chain_id, 0, &a, bench.nonce[who]++,
	    bench.block.time_ms + 60000, kind, body);
	vault_op_write_signature(&w, no_signature, sizeof no_signature);
	must(sr_writer_finish(&w));
	free(bench.bytes[slot]);
	bench.bytes[slot] = sr_writer_take(&w, &n);
	must(vault_op_decode(&bench.ops[slot], bench.bytes[slot], n));
}

/* A block of what was made; the time goes to applying and rooting. */
static void apply(uint32_t n)
{
	struct vault_receipt receipt;
	double start;

	bench.block.height++;
	bench.block.time_ms += 300;
	start = now_s();
	must(vault_begin_block(&bench.t, &bench.block));
	for (uint32_t i = 0; i < n; i++) {
		must(vault_apply(&bench.t, &receipt, &bench.block, &bench.ops[i]));
		must(sr_error_from_number(receipt.code));
	}
	bench.applying_s += now_s() - start;
	start = now_s();
	(void)vault_tree_root(bench.t);
	bench.rooting_s += now_s() - start;
}

static void mint_all(void)
{
	static const uint8_t name[] = { 'n' };

	for (uint32_t id = 1; id <= NFTS; ) {
		uint32_t n = 0;

		for (; n < BLOCK_OPS && id <= NFTS; n++, id++) {
			union vault_op_body b = { .nft_mint = {
						      0, account(id % ACCOUNTS), { name, 1 } } };

			bench.owner[id] = id % ACCOUNTS;
			bench.version[id] = 1;
			make(n, id % ACCOUNTS, VAULT_OP_NFT_MINT, &b);
		}
		apply(n);
	}
}

static void transfer_many(void)
{
	uint32_t x = 1;

	for (uint32_t done = 0; done < OPS; done += BLOCK_OPS) {
		for (uint32_t i = 0; i < BLOCK_OPS; i++) {
			uint32_t id, to;
			union vault_op_body b;

			x = x * 1664525u + 1013904223u;
			id = 1 + x / 7 % NFTS;
			to = x / 3 % ACCOUNTS;
			b = (union vault_op_body){ .nft_transfer = {
						       id, bench.version[id]++, account(to) } };
			make(i, bench.owner[id], VAULT_OP_NFT_TRANSFER, &b);
			bench.owner[id] = to;
		}
		apply(BLOCK_OPS);
	}
}

static void report(const char *what, double n)
{
	printf("%-10s %8.0f applied/s, %8.0f /s with the root of each block of %u\n", what,
	    n / bench.applying_s, n / (bench.applying_s + bench.rooting_s), BLOCK_OPS);
	bench.applying_s = bench.rooting_s = 0;
}

int main(void)
{
	static const struct vault_hooks hooks;

	must(sr_crypto_init());
	bench.block = (struct vault_block){
		.time_ms = 1000, .ingress_ok = true, .members_n = 4, .hooks = &hooks
	};
	must(vault_genesis(&bench.t, 1));
	mint_all();
	report("mint", NFTS);
	transfer_many();
	report("transfer", OPS);
	vault_tree_unref(bench.t);
	for (uint32_t i = 0; i < BLOCK_OPS; i++)
		free(bench.bytes[i]);
	return 0;
}
