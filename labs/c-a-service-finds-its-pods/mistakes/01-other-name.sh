# Step: 1
# Says: There is no Service `web` yet, only `front`.
kubectl expose deployment web --port=80 --name=front
