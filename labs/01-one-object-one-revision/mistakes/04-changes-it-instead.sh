# Step: 4
# Says: This `second` is still the first one of that name. Delete it, and make it again.
kubectl create configmap second --from-literal=colour=red
kubectl patch configmap second --patch='{"data":{"colour":"blue"}}'
