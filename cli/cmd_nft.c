/* strongroom nft: the tokens whose holders policies name. */
#include <stdlib.h>
#include <string.h>

#include "cli/lookup.h"

/* What most commands begin with. */
static enum cli_exit run_mint(struct cli *cli)
{
	const char *to = cli_value(cli, "to"), *name = cli->args[0];
	union vault_op_body body = { .nft_mint = {
					 .name = { (const uint8_t *)name, strlen(name) } } };
	struct client_act act = { .kind = VAULT_OP_NFT_MINT, .body = &body };
	struct client *c = NULL;
	struct key *k = NULL;
	enum cli_exit rc;

	if (!sr_name_valid((const uint8_t *)name, strlen(name)))
		return cli_usage(cli, SR_ERR_NAME_BAD, "the NFT's name");
	if (to != NULL && !cli_account(cli, &body.nft_mint.to, "--to", to))
		return CLI_USAGE;
	if (!cli_option_number(cli, &body.nft_mint.collection_id, "collection", 0, UINT64_MAX))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE && to == NULL)
		body.nft_mint.to = k->account;
	if (rc == CLI_DONE)
		rc = client_act_say(c, k, &act, "minting", NULL);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "nft_id", act.receipt.id);
		cli_put_account(cli, "account", &body.nft_mint.to);
		cli_say(cli, "%llu\n", (unsigned long long)act.receipt.id);
	}
	return client_end(c, k, rc);
}

static enum cli_exit run_collection(struct cli *cli)
{
	const char *name = cli->args[0];
	union vault_op_body body = { .collection_create = {
					 { (const uint8_t *)name, strlen(name) } } };
	struct client_act act = { .kind = VAULT_OP_COLLECTION_CREATE, .body = &body };
	struct client *c = NULL;
	struct key *k = NULL;
	enum cli_exit rc;

	if (!sr_name_valid((const uint8_t *)name, strlen(name)))
		return cli_usage(cli, SR_ERR_NAME_BAD, "the collection's name");
	rc = client_begin(cli, &c, &k);
	if (rc == CLI_DONE)
		rc = client_act_say(c, k, &act, "making the collection", NULL);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "collection_id", act.receipt.id);
		cli_say(cli, "%llu\n", (unsigned long long)act.receipt.id);
	}
	return client_end(c, k, rc);
}

/* TRANSFER, APPROVE and BURN name the NFT's version: read it first, and again when it has moved on.
 */
#define VERSION_TRIES 3

static enum cli_exit change(
    struct cli *cli, enum vault_op_kind kind, const struct vault_account *to, const char *what)
{
	union vault_op_body body;
	struct client_act act = { .kind = kind, .body = &body };
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_nft nft = { 0 };
	struct looked bytes = { 0 };
	uint64_t id;
	enum cli_exit rc;
	enum sr_error error;

	memset(&body, 0, sizeof body);
	if (!cli_number(cli, &id, "the NFT", cli->args[0], 1, UINT64_MAX))
		return CLI_USAGE;
	rc = client_begin(cli, &c, &k);
	for (int i = 0; rc == CLI_DONE; i++) {
		error = lookup_nft(c, k, id, &nft, &bytes);
		if (error != SR_OK) {
			rc = client_fail(c, error, "looking up the NFT");
			break;
		}
		looked_free(&bytes);
		if (kind == VAULT_OP_NFT_TRANSFER)
			body.nft_transfer = (struct vault_op_nft_transfer){ id, nft.version, *to };
		else if (kind == VAULT_OP_NFT_APPROVE)
			body.nft_approve = (struct vault_op_nft_approve){ id, nft.version, *to };
		else
			body.nft_burn = (struct vault_op_nft_burn){ id, nft.version };
		error = client_act(c, k, &act);
		if (error != SR_OK)
			rc = client_fail(c, error, what);
		else if (act.receipt.code == SR_ERR_NFT_VERSION && i + 1 < VERSION_TRIES)
			client_rotate(c);
		else if (act.receipt.code != SR_OK)
			rc = cli_fail(cli, (enum sr_error)act.receipt.code, "%s", what);
		else
			break;
	}
	if (rc == CLI_DONE) {
		cli_put_number(cli, "nft_id", id);
		cli_put_number(cli, "height", act.receipt.height);
		cli_say(cli, "done at height %llu\n", (unsigned long long)act.receipt.height);
	}
	return client_end(c, k, rc);
}

static enum cli_exit run_transfer(struct cli *cli)
{
	const char *text = cli_value(cli, "to");
	struct vault_account to;

	if ((text != NULL) == (cli->args_n > 1))
		return cli_usage(
		    cli, SR_ERR_USAGE, "one new holder is needed: nft transfer NFT ACCOUNT");
	if (!cli_account(cli, &to, "the new holder", text != NULL ? text : cli->args[1]))
		return CLI_USAGE;
	cli_put_account(cli, "account", &to);
	return change(cli, VAULT_OP_NFT_TRANSFER, &to, "the transfer");
}

static enum cli_exit run_approve(struct cli *cli)
{
	struct vault_account to = { 0 };

	if (strcmp(cli->args[1], "none") != 0
	    && !cli_account(cli, &to, "who is approved", cli->args[1]))
		return CLI_USAGE;
	return change(cli, VAULT_OP_NFT_APPROVE, &to, "the approval");
}

static enum cli_exit run_burn(struct cli *cli)
{
	return change(cli, VAULT_OP_NFT_BURN, NULL, "burning");
}

static void nft_put(struct cli *cli, const struct vault_nft *nft)
{
	cli_put_number(cli, "nft_id", nft->id);
	cli_put_bytes(cli, "name", nft->name);
	cli_put_number(cli, "collection_id", nft->collection_id);
	cli_put_account(cli, "account", &nft->owner);
	cli_put_account(cli, "approved", &nft->approved);
	cli_put_number(cli, "version", nft->version);
	cli_put_number(cli, "releases", nft->releases);
	cli_put_number(cli, "minted_ms", nft->minted_ms);
	cli_put_number(cli, "held_since_ms", nft->held_since_ms);
	cli_put_bool(cli, "ticket_open", !sr_hash32_is_zero(&nft->open_ticket));
	cli_put_text(cli, "state", nft->owner.kind == VAULT_ACCOUNT_NONE ? "burned" : "held");
}

static enum cli_exit run_show(struct cli *cli)
{
	struct client *c = NULL;
	struct looked bytes;
	struct vault_nft nft;
	uint64_t id;
	char name[SR_NAME_MAX + 1], owner[VAULT_ACCOUNT_TEXT_MAX], approved[VAULT_ACCOUNT_TEXT_MAX];
	char since[CLI_TIME_TEXT];
	enum sr_error error;
	enum cli_exit rc;

	if (!cli_number(cli, &id, "the NFT", cli->args[0], 1, UINT64_MAX))
		return CLI_USAGE;
	rc = client_connect(cli, &c);
	if (rc != CLI_DONE)
		return rc;
	error = lookup_nft(c, NULL, id, &nft, &bytes);
	if (error != SR_OK) {
		rc = client_fail(c, error, "looking up the NFT");
		client_close(c);
		return rc;
	}
	nft_put(cli, &nft);
	cli_name_text(name, nft.name);
	vault_account_text(owner, &nft.owner);
	vault_account_text(approved, &nft.approved);
	cli_time_text(since, nft.held_since_ms);
	cli_say(cli,
	    "NFT %llu  %s\n  holder    %s\n  since     %s\n  version   %llu\n  approved  %s\n"
	    "  releases  %llu%s\n",
	    (unsigned long long)id, name, nft.owner.kind == VAULT_ACCOUNT_NONE ? "burned" : owner,
	    since, (unsigned long long)nft.version, approved, (unsigned long long)nft.releases,
	    sr_hash32_is_zero(&nft.open_ticket) ? "" : ", a ticket is open");
	looked_free(&bytes);
	client_close(c);
	return CLI_DONE;
}

struct listing { struct cli *cli; struct cli_table table; };

static bool list_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_nft nft;
	struct sr_reader r;
	char name[SR_NAME_MAX + 1], since[CLI_TIME_TEXT];

	sr_reader_init(&r, record.p, record.n);
	vault_nft_read(&nft, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(nft.id >> (8 * i));
	cli_list_item(l->cli);
	nft_put(l->cli, &nft);
	cli_name_text(name, nft.name);
	cli_time_text(since, nft.held_since_ms);
	cli_table_cell(&l->table, "%llu", (unsigned long long)nft.id);
	cli_table_cell(&l->table, "%s", name);
	cli_table_cell(&l->table, "%llu", (unsigned long long)nft.version);
	cli_table_cell(&l->table, "%llu", (unsigned long long)nft.releases);
	cli_table_cell(&l->table, "%s", since);
	return true;
}

static enum cli_exit run_list(struct cli *cli)
{
	struct listing l = { .cli = cli };
	struct client *c = NULL;
	struct key *k = NULL;
	struct vault_account account;
	struct sr_writer w;
	enum sr_error error;
	enum cli_exit rc;

	if (cli->args_n > 0) {
		if (!cli_account(cli, &account, "the holder", cli->args[0]))
			return CLI_USAGE;
		rc = client_connect(cli, &c);
	} else {
		rc = client_begin(cli, &c, &k);
		if (rc == CLI_DONE)
			account = k->account;
	}
	if (rc != CLI_DONE)
		return client_end(c, k, rc);
	cli_table_init(&l.table, 5);
	for (const char *const *h =
		 (const char *const[]){ "NFT", "NAME", "VERSION", "RELEASES", "HELD SINCE", NULL };
	     *h != NULL; h++)
		cli_table_cell(&l.table, "%s", *h);
	cli_put_account(cli, "account", &account);
	cli_list_begin(cli, "nfts");
	sr_writer_init(&w, 64);
	vault_account_write(&w, &account);
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = lookup_list(
		    c, k, VAULT_GET_NFTS, (struct sr_bytes){ w.p, w.n }, 8, list_one, &l);
	sr_writer_clear(&w);
	cli_list_end(cli);
	cli_table_print(cli, &l.table);
	if (error != SR_OK)
		rc = client_fail(c, error, "listing");
	return client_end(c, k, rc);
}

static const struct cli_option options_mint[] = {
	{ "to", "ACCOUNT", "who holds it (default: the key that acts)", false },
	{ "collection", "ID", "a collection of yours (default: 0, the open one)", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option options_transfer[] = {
	{ "to", "ACCOUNT", "the new holder, instead of the second argument", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_nft[] = {
	{ "nft", "mint", "NAME", "make an NFT; prints its number", NULL, 1, 1, options_mint,
	    run_mint },
	{ "nft", "transfer", "NFT ACCOUNT", "give it to another account",
	    "ACCOUNT is ed25519:..., 0x..., or the name of one of your keys. While a ticket is "
	    "open on the\n"
	    "NFT (a retrieval is under way) it can't be transferred.\n",
	    1, 2, options_transfer, run_transfer },
	{ "nft", "approve", "NFT ACCOUNT|none", "let another account transfer it, once", NULL, 2, 2,
	    NULL, run_approve },
	{ "nft", "burn", "NFT", "destroy it for good", NULL, 1, 1, NULL, run_burn },
	{ "nft", "show", "NFT", "its holder, version and history in figures", NULL, 1, 1, NULL,
	    run_show },
	{ "nft", "list", "[ACCOUNT]", "the NFTs that an account holds", NULL, 0, 1, NULL,
	    run_list },
	{ "nft", "collection", "NAME", "make a collection that only you can mint into", NULL, 1, 1,
	    NULL, run_collection },
	{ 0 },
};
