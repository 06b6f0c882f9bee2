# Step: 2
# Types: second-revision = 7
# Says: `7` is older than `note`: it was written since.
kubectl patch configmap note --patch='{"data":{"text":"hello again"}}'
