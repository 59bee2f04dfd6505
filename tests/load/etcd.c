/* Puts to etcd through its JSON gateway, at the pace and over the connections that our own
 * operations have. Values are as large as an operation of ours. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "tests/load/account.h"
#include "tests/load/load.h"

#define SERVERS_MAX 16u

struct putting {
	struct wire_server servers[SERVERS_MAX];
	uint32_t servers_n;
	uint8_t **requests;              /* of each client: its last, until it is answered */
	uint64_t count;
};

static const struct wire_server *server(void *ctx, uint32_t client)
{
	struct putting *p = ctx;

	return &p->servers[client % p->servers_n];
}

static bool next(void *ctx, struct wire *wire, uint32_t client, bool again,
    const uint8_t **request, size_t *n)
{
	struct putting *p = ctx;
	const struct wire_server *to = server(ctx, client);
	char key[32], key64[64], value64[320], json[512];
	uint8_t value[200];
	int key_n;

	(void)again;
	memset(value, 'v', sizeof value);
	key_n = snprintf(key, sizeof key, "k%" PRIu64, p->count++);
	sr_base64_encode(key64, (const uint8_t *)key, (size_t)key_n);
	sr_base64_encode(value64, value, sizeof value);
	snprintf(json, sizeof json, "{\"key\":\"%s\",\"value\":\"%s\"}", key64, value64);
	free(p->requests[client]);
	p->requests[client] = wire_post(n, to, "/v3/kv/put", json);
	load_must(p->requests[client] != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a request");
	wire_lead(wire, client, to);
	*request = p->requests[client];
	return true;
}

static enum pace_verdict answer(void *ctx, const struct wire_answer *answer)
{
	(void)ctx;
	if (answer->error != SR_OK || answer->status == 503)
		return PACE_AGAIN;
	return answer->status == 200 && strstr((const char *)answer->body, "\"revision\"") != NULL ?
	    PACE_GOOD : PACE_BAD;
}

int load_etcd(char **urls, uint32_t urls_n, const struct pace *pace)
{
	struct putting p = { .servers_n = urls_n };
	struct pace_source source = { &p, next, answer, server };
	struct pace_result result;

	load_must(urls_n <= SERVERS_MAX ? SR_OK : SR_ERR_TOO_MANY, "servers");
	for (uint32_t i = 0; i < urls_n; i++)
		load_must(wire_server_parse(&p.servers[i], urls[i]), "a URL");
	p.requests = calloc(pace->clients, sizeof *p.requests);
	load_must(p.requests != NULL ? SR_OK : SR_ERR_NO_MEMORY, "clients");
	load_must(sr_crypto_init(), "starting");
	load_must(pace_run(&result, pace, &source), "the load");
	pace_print(&result, "");
	pace_clear(&result);
	for (uint32_t i = 0; i < pace->clients; i++)
		free(p.requests[i]);
	free(p.requests);
	return 0;
}
