# Step: 6
# Says: Deployment `store` asks for image `ngnix:1.26`; this step wants `nginx:1.26`.
kubectl delete pods --selector=app=store
