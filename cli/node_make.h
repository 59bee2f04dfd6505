/*
 * cli/node_make.h - what a node's directory needs before its first start: identity, HTTPS key,
 * operator's key, configuration, and the file "entry" that says how it will present itself:
 *
 *   strongroom-node v1
 *   name: node-4
 *   url: https://127.0.0.1:7708
 *   link: tcp://127.0.0.1:7709
 *   rpc_listen: 127.0.0.1:7708
 *   link_listen: tcp://127.0.0.1:7709
 *   pin: <64 hexadecimal digits>
 *   identity: <what strongroom-enclave --new-identity printed>
 *   platform: software
 */
#ifndef SR_CLI_NODE_MAKE_H
#define SR_CLI_NODE_MAKE_H

#include "cli/keyfile.h"
#include "enclave/genesis.h"
#include "platform/platform.h"

/* Where the machine's evidence comes from. Empty texts: not given. */
struct node_platform {
	enum platform_kind kind;
	char tcti[256], collateral[512], vouchers[512];
};

struct node_entry {
	char name[SR_NAME_MAX + 1], url[GENESIS_URL_MAX], link[GENESIS_URL_MAX];
	char rpc_listen[GENESIS_URL_MAX], link_listen[GENESIS_URL_MAX];
	struct sr_hash32 pin;
	struct genesis_identity identity;
	struct node_platform platform;
};

/* DIR/NAME. Prints when it is too long. */
enum cli_exit node_path_of(struct cli *cli, char out[CLI_PATH_MAX], const char *dir,
    const char *name);

/* Each makes its files in dir, which exists. Prints what is wrong. */
enum cli_exit node_identity_make(struct cli *cli, const char *dir, struct genesis_identity *out);
enum cli_exit node_https_make(struct cli *cli, const char *dir, struct sr_hash32 *pin);
enum cli_exit node_operator_make(struct cli *cli, const char *dir, struct key **out);

struct node_config {
	const char *comment;             /* the file's first line, without its # */
	const char *genesis;             /* as written there: relative to dir, or a whole path */
	uint32_t seat;
	const char *rpc_listen, *link_listen;
	const char *trail, *checkpoint;  /* NULL: none */
	const struct node_platform *platform;
};
/* DIR/strongroomd.yaml; replaces one. */
enum cli_exit node_config_write(struct cli *cli, const char *dir, const struct node_config *c);

enum cli_exit node_entry_write(struct cli *cli, const char *dir, const struct node_entry *e);
enum cli_exit node_entry_read(struct cli *cli, const char *dir, struct node_entry *e);

/* --platform and the options of its kinds, into p; false: said what is wrong. */
bool node_platform_given(struct cli *cli, struct node_platform *p);
/* Evidence by that platform, bound to report_data. operator_key, measurement: for software. Prints
 * what is wrong. */
enum cli_exit node_evidence(struct cli *cli, struct sr_writer *w, const struct node_platform *p,
    const struct key *operator_key, const struct sr_hash32 *measurement,
    const uint8_t report_data[64]);

/* For files of a node: nothing half-written under its name. mode: 0600 or 0644. */
enum cli_exit node_file_write(struct cli *cli, const char *dir, const char *name, const void *p,
    size_t n, unsigned mode);

/* A free pair of ports on 127.0.0.1 from first on, in steps; 0: none. */
uint16_t node_ports_free(uint32_t count, uint16_t first, uint16_t step, uint32_t tries);
bool node_port_free(uint16_t port);

#endif
