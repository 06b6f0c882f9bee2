# Step: 1
# Needs: containers
# Says: Pod `once` has restartPolicy `Always`, so the kubelet starts its container again, however it ended
kubectl run once --image=busybox -- sh -c 'echo working; echo done'
