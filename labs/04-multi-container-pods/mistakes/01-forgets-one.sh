# Step: 1
# Says: Pod `pair` has no `web` as a container.
kubectl run pair --image=curlimages/curl --command -- sleep infinity
