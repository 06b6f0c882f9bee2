# Step: 1
# Says: Deployment `web` asks for image `nginx:1.26`; this step wants `nginx:1.30`.
kubectl scale deployment web --replicas=5
