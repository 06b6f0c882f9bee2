kubectl run backup --image=busybox --restart=Never -- sh -c 'echo "the disk is full" >&2; exit 3'
