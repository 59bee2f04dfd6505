# file: vault/tree.c
# What a draft has deleted is still walked over.
# killed by: test_vault_tree
s/if (!leaf->gone && !visit(ctx, /if (!visit(ctx, /
