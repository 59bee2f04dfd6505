/*
 * cli/settings.h - where the cluster is: --cluster DIR, STRONGROOM_CLUSTER, or the configuration
 * file ~/.config/strongroom/config.yaml with at most four lines:
 *
 *   genesis: /path/to/genesis      (the pinned genesis file)
 *   node: https://host:port        (the member to ask first)
 *   key: NAME
 *   checkpoint: EPOCH:HEX          (a point of the trail to pin)
 */
#ifndef SR_CLI_SETTINGS_H
#define SR_CLI_SETTINGS_H

#include "cli/cli.h"

const char *settings_cluster(const struct cli *cli);    /* NULL: neither option nor variable */
/* --checkpoint, STRONGROOM_CHECKPOINT, or the file's; NULL: none. */
const char *settings_checkpoint(const struct cli *cli);
/* $XDG_CONFIG_HOME/strongroom/NAME or ~/.config/strongroom/NAME. */
SR_MUST_CHECK enum sr_error settings_home(char out[CLI_PATH_MAX], const char *name);
/* A value of the configuration file, or NULL. Borrowed; read once. */
const char *settings_value(const struct cli *cli, const char *name);
/* Reads the file once; prints what is wrong with it. A missing file is fine. */
enum cli_exit settings_load(struct cli *cli);
/* The pinned genesis file. Prints what is wrong. */
enum cli_exit settings_genesis(struct cli *cli, char out[CLI_PATH_MAX]);
/* Where it is kept how far the epoch trail was followed: beside the genesis of --cluster DIR, else
 * beside the configuration, one for each chain. */
SR_MUST_CHECK enum sr_error settings_trail(
    const struct cli *cli, char out[CLI_PATH_MAX], const struct sr_hash32 *chain_id);

#endif
