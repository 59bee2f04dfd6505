/* strongroom completion bash: made from the same tables as the help. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void options_print(const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++)
		printf(" --%s", o->name);
}

static void groups_print(void)
{
	const char *last = "";

	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++) {
			if (strcmp(c->group, last) != 0)
				printf(" %s", c->group);
			last = c->group;
		}
}

static enum cli_exit run(struct cli *cli)
{
	if (strcmp(cli->args[0], "bash") != 0)
		return cli_usage(
		    cli, SR_ERR_BAD_KIND, "only bash is known here, not '%s'", cli->args[0]);
	printf(
	    "# bash completion for strongroom; made by: strongroom completion bash\n"
	    "_strongroom() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i w words=()\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tw=${COMP_WORDS[i]}\n"
	    "\t\tcase $w in --cluster|--node|--key|--timeout) ((i++)) ;; -*) ;; *) words+=(\"$w\") "
	    ";; esac\n"
	    "\tdone\n"
	    "\tcase $prev in\n"
	    "\t--cluster) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
	    "\t--output|-o) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	    "\t--kind) COMPREPLY=($(compgen -W 'ed25519 ethereum x25519' -- \"$cur\")); return ;;\n"
	    "\tesac\n"
	    "\tlocal options='");
	options_print(cli_global_options);
	printf("' next=\n\tcase \"${words[0]} ${words[1]}\" in\n");
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++) {
			printf("\t'%s %s'%s) options+='", c->group, c->name,
			    c->name[0] == '\0' ? "*" : "");
			options_print(c->options);
			printf("' ;;\n");
		}
	printf("\tesac\n\tcase ${#words[@]}:${words[0]} in\n\t0:) next='");
	groups_print();
	printf("' ;;\n");
	for (unsigned g = 0; cli_groups[g] != NULL; g++) {
		if (cli_groups[g]->name[0] == '\0')
			continue;
		printf("\t1:%s) next='", cli_groups[g]->group);
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++)
			printf(" %s", c->name);
		printf("' ;;\n");
	}
	printf("\tesac\n"
	    "\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	    "\telif [[ -n $next ]]; then COMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
	    "\telse COMPREPLY=($(compgen -f -- \"$cur\")); fi\n"
	    "}\n"
	    "complete -o filenames -F _strongroom strongroom\n");
	return CLI_DONE;
}

const struct cli_command cli_commands_completion[] = {
	{ "completion", "", "bash", "print a completion script for the shell", NULL, 1, 1, NULL,
	    run },
	{ 0 },
};
