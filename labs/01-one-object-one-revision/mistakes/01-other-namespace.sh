# Step: 1
# Says: ConfigMap `note` is in namespace `kube-public`; this lab plays in `default`.
kubectl --namespace=kube-public create configmap note --from-literal=text=hello
