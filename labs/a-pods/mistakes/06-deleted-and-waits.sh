# Step: 6
# Says: Pod `web` is gone. No loop wants it back
kubectl delete pod web
