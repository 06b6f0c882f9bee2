# Step: 3
# Says: Change the label of a living one
kubectl delete "$(kubectl get pods --selector=app=web --output=name | head -n 1)"
