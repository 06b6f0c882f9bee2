# Step: 1
# Says: Pod `hello` is in namespace `kube-public`; this lab plays in `default`.
kubectl --namespace=kube-public run hello --image=nginx
