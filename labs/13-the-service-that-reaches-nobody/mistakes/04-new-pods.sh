# Step: 4
# Needs: containers
# Says: runs, but its readinessProbe asks for `/ready` on port 80 in vain.
kubectl rollout restart deployment cart
