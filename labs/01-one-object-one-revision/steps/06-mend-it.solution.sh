kubectl delete configmap limits
kubectl create configmap limits --from-literal=max-orders=20
