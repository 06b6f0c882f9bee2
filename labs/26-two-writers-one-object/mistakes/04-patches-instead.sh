# Step: 4
# Says: `kitchen` does not own `.data.soup` of ConfigMap `board` yet.
kubectl patch configmap board --patch='{"data":{"soup":"onion"}}'
