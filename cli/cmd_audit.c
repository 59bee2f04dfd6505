/* strongroom audit: the events of an NFT, a secret or a switch, for those they concern. */
#include <string.h>

#include "base/hex.h"
#include "cli/lookup.h"

static const char *event_name(enum vault_event_kind kind)
{
	switch (kind) {
	case VAULT_EVENT_MINTED: return "minted";
	case VAULT_EVENT_TRANSFERRED: return "transferred";
	case VAULT_EVENT_APPROVED: return "approved";
	case VAULT_EVENT_BURNED: return "burned";
	case VAULT_EVENT_STORED: return "stored";
	case VAULT_EVENT_UPDATED: return "updated";
	case VAULT_EVENT_RESTORED: return "restored";
	case VAULT_EVENT_POLICY: return "policy";
	case VAULT_EVENT_DELETED: return "deleted";
	case VAULT_EVENT_TICKET: return "ticket";
	case VAULT_EVENT_REFUSED: return "refused";
	case VAULT_EVENT_CLOSED: return "closed";
	case VAULT_EVENT_SWITCH_CREATED: return "created";
	case VAULT_EVENT_HEARTBEAT: return "heartbeat";
	case VAULT_EVENT_WARN: return "warn";
	case VAULT_EVENT_PENDING: return "pending";
	case VAULT_EVENT_FIRED: return "fired";
	case VAULT_EVENT_REARMED: return "rearmed";
	case VAULT_EVENT_PAUSED: return "paused";
	case VAULT_EVENT_VETOED: return "vetoed";
	case VAULT_EVENT_CONFIRMED: return "confirmed";
	case VAULT_EVENT_STAGE: return "stage";
	case VAULT_EVENT_CANCELLED: return "cancelled";
	case VAULT_EVENT_DELEGATED: return "delegated";
	case VAULT_EVENT_ATTESTED: return "attested";
	case VAULT_EVENT_NOT_ATTESTED: return "not_attested";
	case VAULT_EVENT_SHARE_BAD: return "share_bad";
	case VAULT_EVENT_HOLDER_LEFT: return "holder_left";
	case VAULT_EVENT_HOLDERS_FEW: return "holders_few";
	case VAULT_EVENT_RESHARED: return "reshared";
	}
	return "unknown";
}

/* Members say it, and seat 0 is a seat. */
static bool holders_say(enum vault_event_kind kind)
{
	return kind == VAULT_EVENT_SHARE_BAD || kind == VAULT_EVENT_HOLDER_LEFT ||
	    kind == VAULT_EVENT_HOLDERS_FEW || kind == VAULT_EVENT_RESHARED;
}

struct listing { struct cli *cli; struct cli_table table; enum sr_error error; };

static bool list_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_event e;
	struct sr_reader r;
	char at[CLI_TIME_TEXT], actor[VAULT_ACCOUNT_TEXT_MAX];

	sr_reader_init(&r, record.p, record.n);
	vault_event_read(&e, &r);
	l->error = sr_reader_finish(&r);
	if (l->error != SR_OK)
		return false;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(e.seq >> (8 * i));
	cli_time_text(at, e.time_ms);
	vault_account_text(actor, &e.actor);
	cli_list_item(l->cli);
	cli_put_number(l->cli, "seq", e.seq);
	cli_put_text(l->cli, "event", event_name(e.kind));
	cli_put_number(l->cli, "height", e.height);
	cli_put_number(l->cli, "time_ms", e.time_ms);
	cli_put_text(l->cli, "account", actor);
	cli_put_number(l->cli, "detail", e.detail);
	if (e.kind == VAULT_EVENT_REFUSED)
		cli_put_text(l->cli, "why", sr_error_name(e.code));
	cli_table_cell(&l->table, "%llu", (unsigned long long)e.height);
	cli_table_cell(&l->table, "%s", at);
	cli_table_cell(&l->table, "%s", event_name(e.kind));
	cli_table_cell(&l->table, "%s", e.actor.kind != VAULT_ACCOUNT_NONE ? actor :
	    holders_say(e.kind) ? "its holders" : "the clock");
	if (e.kind == VAULT_EVENT_REFUSED)
		cli_table_cell(&l->table, "%s", sr_error_name(e.code));
	else if (e.detail != 0 || holders_say(e.kind))
		cli_table_cell(&l->table, "%llu", (unsigned long long)e.detail);
	else
		cli_table_cell(&l->table, "%s", "");
	return true;
}

/* Which one is meant: exactly one of --nft, --secret, --switch. */
static enum cli_exit subject_read(struct cli *cli, struct client *c, const struct key *k,
    uint8_t head[17])
{
	const char *secret = cli_value(cli, "secret"), *sw = cli_value(cli, "switch");
	struct vault_secret_id id;
	uint64_t number = 0;
	enum cli_exit rc = CLI_DONE;

	memset(head, 0, 17);
	if (secret != NULL) {
		head[0] = VAULT_SUBJECT_SECRET;
		rc = lookup_secret_id(c, k, secret, &id);
		memcpy(head + 1, id.b, sizeof id.b);
		return rc;
	}
	head[0] = sw != NULL ? VAULT_SUBJECT_SWITCH : VAULT_SUBJECT_NFT;
	if (sw != NULL)
		rc = lookup_switch_id(c, k, sw, &number);
	else if (!cli_option_number(cli, &number, "nft", 1, UINT64_MAX))
		return CLI_USAGE;
	for (unsigned i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)(number >> (8 * i));
	return rc;
}

static enum cli_exit run(struct cli *cli)
{
	static const char *const titles[] = { "HEIGHT", "TIME", "EVENT", "BY", "DETAIL" };
	struct listing l = { .cli = cli };
	struct client *c = NULL;
	struct key *k = NULL;
	uint8_t head[17];
	enum sr_error error;
	enum cli_exit rc;

	if (cli_has(cli, "nft") + cli_has(cli, "secret") + cli_has(cli, "switch") != 1)
		return cli_usage(
		    cli, SR_ERR_USAGE, "one of --secret, --nft and --switch is needed");
	rc = keyfile_open(cli, &k);
	if (rc == CLI_DONE)
		rc = client_connect(cli, &c);
	if (rc == CLI_DONE)
		rc = subject_read(cli, c, k, head);
	if (rc == CLI_DONE) {
		cli_table_init(&l.table, 5);
		for (unsigned i = 0; i < 5; i++)
			cli_table_cell(&l.table, "%s", titles[i]);
		cli_list_begin(cli, "events");
		error = lookup_list(c, k, VAULT_GET_EVENTS, (struct sr_bytes){ head, sizeof head },
		    8, list_one, &l);
		cli_list_end(cli);
		cli_table_print(cli, &l.table);
		if (error == SR_OK)
			error = l.error;
		if (error != SR_OK)
			rc = client_fail(c, error, "reading the events");
	}
	client_close(c);
	key_free(k);
	return rc;
}

static const struct cli_option options[] = {
	{ "secret", "SECRET", "of this secret", false },
	{ "nft", "ID", "of this NFT", false },
	{ "switch", "SWITCH", "of this switch", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_audit[] = {
	{ "audit", "", "", "what happened to a secret, an NFT or a switch",
	    "Every decision is an event in a block; those it concerns may read it.\n", 0, 0,
	    options, run },
	{ 0 },
};
