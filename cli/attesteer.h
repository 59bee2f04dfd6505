/* cli/attesteer.h - the registry's part of strongroom attest: what the cluster says of machines. */
#ifndef SR_CLI_ATTESTEER_H
#define SR_CLI_ATTESTEER_H

#include "cli/cli.h"

enum cli_exit attesteer_submit(struct cli *cli);
enum cli_exit attesteer_list(struct cli *cli);
enum cli_exit attesteer_show(struct cli *cli);

#endif
