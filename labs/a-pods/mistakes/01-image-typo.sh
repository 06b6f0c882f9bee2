# Step: 1
# Says: Pod `hello` wants image `ngnix`; this step wants `nginx`.
kubectl run hello --image=ngnix
