# Step: 5
# Says: Delete it, and make it again with `--cluster-ip=None`.
kubectl expose deployment hello --name=hello-all --port=8080
