kubectl run crash --image=busybox -- sh -c 'echo starting; echo "cannot find the database" >&2; exit 1'
