# Step: 8
# Says: A ReplicaSet never changes its Pods: it only makes new ones when some are missing.
kubectl set image replicaset/store nginx=nginx:1.26
