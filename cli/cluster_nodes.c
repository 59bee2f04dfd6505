/* Which nodes a cluster's directory has, and which members they are. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cluster.h"
#include "config/config.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct cluster_node *)a)->number;
	uint32_t y = ((const struct cluster_node *)b)->number;

	return (x > y) - (x < y);
}

/* "node-12", nothing else. */
static bool number_of(uint32_t *out, const char *name)
{
	uint64_t n;

	if (strncmp(name, "node-", 5) != 0 || (name[5] == '0' && name[6] != '\0')
	    || cli_parse_number(&n, name + 5, 0, CLUSTER_NODES_MAX - 1) != SR_OK)
		return false;
	*out = (uint32_t)n;
	return true;
}

static enum cli_exit node_read(struct cli *cli, const char *dir, struct cluster_node *node)
{
	struct config *config = malloc(sizeof *config);
	struct config_error why;
	char path[CLI_PATH_MAX];
	enum sr_error error = SR_ERR_TOO_LONG;

	SR_ASSERT(config != NULL);
	why.text[0] = '\0';
	node->member = EPOCH_NOBODY;
	node->begun = false;
	node->url[0] = '\0';
	if (snprintf(path, sizeof path, "%s/node-%u/strongroomd.yaml", dir, node->number)
	    < (int)sizeof path)
		error = config_read(config, path, &why);
	if (error != SR_OK && access(path, F_OK) != 0) {
		node->begun = true;
		error = SR_OK;
	} else if (error == SR_OK) {
		snprintf(node->url, sizeof node->url, "https://%.240s", config->rpc_listen);
	}
	free(config);
	return error == SR_OK ? CLI_DONE
			      : cli_fail(cli, error, "node %u's configuration: %s", node->number,
				    why.text[0] != '\0' ? why.text : "reading it");
}

enum cli_exit cluster_nodes(
    struct cli *cli, const char *dir, struct cluster_node *nodes, uint32_t *n)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	enum cli_exit rc = CLI_DONE;

	*n = 0;
	if (d == NULL)
		return cli_usage(cli, SR_ERR_NOT_FOUND, "reading %s", dir);
	while (*n < CLUSTER_NODES_MAX && (entry = readdir(d)) != NULL)
		if (number_of(&nodes[*n].number, entry->d_name))
			++*n;
	closedir(d);
	qsort(nodes, *n, sizeof *nodes, by_number);
	for (uint32_t i = 0; i < *n && rc == CLI_DONE; i++)
		rc = node_read(cli, dir, &nodes[i]);
	return rc;
}

void cluster_nodes_match(struct cluster_node *nodes, uint32_t n, const struct epoch_record *record)
{
	for (uint32_t i = 0; i < n; i++) {
		nodes[i].member = EPOCH_NOBODY;
		for (uint32_t m = 0; m < record->n; m++)
			if (strcmp(record->members[m].url, nodes[i].url) == 0)
				nodes[i].member = m;
	}
}
