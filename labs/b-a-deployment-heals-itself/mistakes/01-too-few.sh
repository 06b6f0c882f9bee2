# Step: 1
# Says: Deployment `web` wants 1 Pod; this step wants 3.
kubectl create deployment web --image=nginx
