# Step: 1
# Says: There is a Deployment `hello`, which makes Pods of its own.
kubectl create deployment hello --image=nginx
