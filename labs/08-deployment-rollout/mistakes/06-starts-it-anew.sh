# Step: 6
# Says: none of its old ReplicaSets has image `podium/hello:1.0`
kubectl create deployment shop --image=podium/hello:2.0 --replicas=4
kubectl rollout status deployment/shop
kubectl rollout restart deployment/shop
kubectl rollout status deployment/shop
