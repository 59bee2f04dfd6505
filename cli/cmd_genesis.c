/* strongroom genesis: what is pinned. */
#include "base/hex.h"
#include "cli/client.h"

static enum cli_exit run_show(struct cli *cli)
{
	struct client *c;
	const struct genesis *g;
	char name[SR_NAME_MAX + 1], chain[65], at[CLI_TIME_TEXT], hex[65];
	char attestation[GENESIS_ATTESTATION_MAX];
	enum cli_exit rc = client_open(cli, &c);

	if (rc != CLI_DONE)
		return rc;
	g = c->genesis;
	genesis_attestation_text(attestation, &g->policy);
	cli_name_text(name, (struct sr_bytes){ g->name, g->name_n });
	sr_hex_encode(chain, g->chain_id.b, 32);
	cli_time_text(at, g->created_ms);
	cli_put_text(cli, "name", name);
	cli_put_text(cli, "chain_id", chain);
	cli_put_number(cli, "created_ms", g->created_ms);
	cli_put_text(cli, "attestation", attestation);
	cli_put_number(cli, "threshold", g->threshold);
	cli_put_number(cli, "slot_ms", g->slot_ms);
	cli_put_number(cli, "slot_min_ms", g->slot_min_ms);
	cli_put_number(cli, "faults", consensus_faults(g->members_n));
	cli_put_number(cli, "quorum", consensus_quorum(g->members_n));
	cli_say(cli,
	    "%s\n  chain id     %s\n  created      %s\n  attestation  %s%s\n"
	    "  members      %u; %u decide, %u shares open a secret, %u may be faulty%s\n"
	    "  slots        every %u ms, at least %u ms apart\n",
	    name, chain, at, attestation,
	    genesis_attestation_software(&g->policy) ? " (no TEE: the operators' word alone)" : "",
	    g->members_n, consensus_quorum(g->members_n), g->threshold,
	    consensus_faults(g->members_n),
	    consensus_faults(g->members_n) == 0 ? " (crashes only, not malice)" : "", g->slot_ms,
	    g->slot_min_ms);
	cli_list_begin(cli, "members");
	for (uint32_t i = 0; i < g->members_n; i++) {
		client_member_name(c, i, name);
		cli_list_item(cli);
		cli_put_text(cli, "name", name);
		cli_put_text(cli, "url", g->members[i].url);
		cli_put_hex(cli, "vote_key", g->members[i].vote_key.b, 32);
		cli_put_hex(cli, "pin", g->members[i].url_pin.b, 32);
		sr_hex_encode(hex, g->members[i].vote_key.b, 8);
		cli_say(
		    cli, "    %-3u %-16s %s  votes with %s...\n", i, name, g->members[i].url, hex);
	}
	cli_list_end(cli);
	cli_say(cli, "every entry's signature and every member's evidence was checked\n");
	client_close(c);
	return CLI_DONE;
}

const struct cli_command cli_commands_genesis[] = {
	{ "genesis", "show", "", "the pinned genesis, checked", NULL, 0, 0, NULL, run_show },
	{ 0 },
};
