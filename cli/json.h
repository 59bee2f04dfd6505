/* cli/json.h - the --json object, and JSON-RPC in and out; knows jansson, as cli/policy_json.c
 * does. */
#ifndef SR_CLI_JSON_H
#define SR_CLI_JSON_H

#include "base/types.h"
#include "cli/cli.h"

SR_MUST_CHECK enum sr_error cli_json_open(struct cli *cli);
/* Prints the object when --json was given; frees. */
void cli_json_close(struct cli *cli);

/* A value of the object that is JSON text itself. */
void cli_put_json(struct cli *cli, const char *name, const char *text);

/* {"jsonrpc":"2.0","id":1,"method":method,"params":[param]}; param NULL: no params. Caller frees.
 */
char *json_rpc_request(const char *method, const char *param);
char *json_rpc_request_number(const char *method, uint64_t param);
/* The text of a field of the result (caller frees). An error object: its code as sr_error in the
 * return value (data.code when there is one). BAD_ENCODING for anything else. */
SR_MUST_CHECK enum sr_error json_rpc_answer(char **result, const uint8_t *p, size_t n,
    const char *field);

#endif
