# Step: 7
# Needs: containers
# Says: Pod `shop` is gone. No loop wants it back
kubectl delete pod shop --now
