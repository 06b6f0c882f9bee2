# Step: 3
# Types: key = /registry/configmaps/note
# Says: `/registry/configmaps/note` has no namespace in it, and `note` is in `default`.
kubectl get configmap note
