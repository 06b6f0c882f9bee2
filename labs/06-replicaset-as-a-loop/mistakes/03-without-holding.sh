# Step: 3
# Says: while the loop runs, none stays missing. Hold it first.
kubectl delete --wait=false "$(kubectl get pods --selector=app=web --output=name | head -n 1)"
