# Step: 7
# Needs: containers
# Says: Pod `shop` does not run its own program any more, but `sleep 1000000`.
kubectl delete pod shop --now
kubectl run shop --image=busybox -- sleep 1000000
