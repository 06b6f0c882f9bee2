# Step: 3
# Says: Deployment `web` wants 3 Pods; this step wants 5.
kubectl scale "$(kubectl get replicasets --selector=app=web --output=name | head -n 1)" --replicas=5
