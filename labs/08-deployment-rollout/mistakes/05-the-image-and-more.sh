# Step: 5
# Says: Deployment `web` has made another ReplicaSet, so its template is not quite an old one.
kubectl patch deployment web --patch='{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:1.26","env":[{"name":"BACK","value":"yes"}]}]}}}}'
