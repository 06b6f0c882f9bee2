kubectl run once --image=busybox --restart=Never -- sh -c 'echo working; echo done'
