# Step: 1
# Types: now = 3
# Says: `3` is older: perhaps that of your copy. Ask the cluster, not the file.
kubectl patch configmap board --patch='{"data":{"price":"5"}}'
