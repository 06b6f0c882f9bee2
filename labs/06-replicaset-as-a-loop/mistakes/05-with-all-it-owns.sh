# Step: 5
# Says: what owns Pods takes them along unless it is told `--cascade=orphan`
kubectl delete replicaset web
