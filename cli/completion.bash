# bash completion for strongroom; made by: strongroom completion bash
_strongroom() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i w words=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		case $w in --cluster|--node|--key|--timeout) ((i++)) ;; -*) ;; *) words+=("$w") ;; esac
	done
	case $prev in
	--cluster) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	--output|-o) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--kind) COMPREPLY=($(compgen -W 'ed25519 ethereum x25519' -- "$cur")); return ;;
	esac
	local options=' --cluster --node --key --checkpoint --timeout --json --help' next=
	case "${words[0]} ${words[1]}" in
	'cluster init') options+=' --nodes --slot-ms --slot-min-ms --base-port --hosts --threshold --name --policy --platform --tcti --collateral --vouchers' ;;
	'cluster start') options+=' --no-wait' ;;
	'cluster join') options+=' --platform --tcti --collateral --vouchers --no-wait' ;;
	'cluster status') options+='' ;;
	'cluster stop') options+=' --kill' ;;
	'node init') options+=' --genesis --url --link --name --rpc-listen --link-listen --platform --tcti --collateral --vouchers --operator-key' ;;
	'node join') options+=' --via --operator-key --no-start --no-wait' ;;
	'node leave') options+=' --seat --name --operator-key --via --no-wait' ;;
	'node refresh') options+=' --operator-key --via --no-wait' ;;
	'node reattest') options+=' --seat --operator-key --via --no-wait' ;;
	'node list') options+=' --via' ;;
	'node policy') options+=' --announced --operator-key --out --sig --via' ;;
	'status '*) options+=' --watch' ;;
	'checkpoint '*) options+='' ;;
	'genesis show') options+='' ;;
	'key new') options+=' --kind' ;;
	'key show') options+='' ;;
	'key list') options+='' ;;
	'nft mint') options+=' --to --collection' ;;
	'nft transfer') options+=' --to' ;;
	'nft approve') options+='' ;;
	'nft burn') options+='' ;;
	'nft show') options+='' ;;
	'nft list') options+='' ;;
	'nft collection') options+='' ;;
	'secret put') options+=' --name --policy --expires --mode --threshold --members' ;;
	'secret get') options+=' --output --nft --version --to-key --own-copy' ;;
	'secret update') options+=' --policy --expires --name --mode --threshold --members' ;;
	'secret restore') options+=' --mode --threshold --members' ;;
	'secret policy') options+=' --mode --threshold --members' ;;
	'secret delete') options+='' ;;
	'secret list') options+=' --nft' ;;
	'secret show') options+='' ;;
	'secret history') options+='' ;;
	'switch create') options+=' --interval --grace --heartbeat-key --guardian --guardians-needed --veto-key --duress-key --heir --stage' ;;
	'switch heartbeat') options+='' ;;
	'switch status') options+='' ;;
	'switch list') options+='' ;;
	'switch pause') options+='' ;;
	'switch veto') options+='' ;;
	'switch confirm') options+='' ;;
	'switch duress') options+='' ;;
	'switch cancel') options+='' ;;
	'switch delegate') options+=' --until --remove' ;;
	'audit '*) options+=' --secret --nft --switch' ;;
	'block '*) options+='' ;;
	'proof get') options+=' --output' ;;
	'proof verify') options+='' ;;
	'split '*) options+=' --shares --threshold --output' ;;
	'combine '*) options+=' --output' ;;
	'attest verify') options+=' --time --tcb-info --qe-identity --pck-crl --root-crl --tcb-signing --qe-signing --leaf --ask --ark --root' ;;
	'attest submit') options+=' --url --no-wait --tcb-info --qe-identity --pck-crl --root-crl --tcb-signing --qe-signing --leaf --ask --ark' ;;
	'attest list') options+=' --measurement --limit' ;;
	'attest show') options+='' ;;
	'tpm public') options+=' --tcti --collateral --output' ;;
	'tpm challenge') options+=' --maker-root --output --state' ;;
	'tpm answer') options+=' --tcti --output' ;;
	'tpm vouch') options+=' --state --output' ;;
	'tpm seal') options+=' --tcti' ;;
	'tpm unseal') options+=' --tcti' ;;
	'tpm measure') options+=' --tcti --after-others' ;;
	'completion '*) options+='' ;;
	esac
	case ${#words[@]}:${words[0]} in
	0:) next=' cluster node status checkpoint genesis key nft secret switch audit block proof split combine attest tpm completion' ;;
	1:cluster) next=' init start join status stop' ;;
	1:node) next=' init join leave refresh reattest list' ;;
	1:node) next=' policy' ;;
	1:genesis) next=' show' ;;
	1:key) next=' new show list' ;;
	1:nft) next=' mint transfer approve burn show list collection' ;;
	1:secret) next=' put get update restore policy delete list show history' ;;
	1:switch) next=' create heartbeat status list pause veto confirm duress cancel delegate' ;;
	1:proof) next=' get verify' ;;
	1:attest) next=' verify submit list show' ;;
	1:tpm) next=' public challenge answer vouch seal unseal measure' ;;
	esac
	if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$cur"))
	elif [[ -n $next ]]; then COMPREPLY=($(compgen -W "$next" -- "$cur"))
	else COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _strongroom strongroom
