# Step: 2
# Needs: containers
# Says: Pod `backup` has ended, but its phase is `Succeeded`: its container left with exit code 0.
kubectl run backup --image=busybox --restart=Never -- true
