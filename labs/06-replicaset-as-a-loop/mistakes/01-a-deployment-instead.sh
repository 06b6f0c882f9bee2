# Step: 1
# Says: There is a Deployment `web`, which makes ReplicaSets of its own, with a hash in their names.
kubectl create deployment web --image=nginx --replicas=3
