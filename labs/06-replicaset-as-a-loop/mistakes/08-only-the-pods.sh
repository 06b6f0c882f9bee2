# Step: 8
# Says: The template of ReplicaSet `store` asks for image `nginx:does-not-exist`; this step wants `nginx:1.26`.
kubectl delete pods --selector=app=store
