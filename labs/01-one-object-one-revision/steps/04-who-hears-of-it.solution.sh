kubectl create configmap second --from-literal=colour=red
kubectl delete configmap second
kubectl create configmap second --from-literal=colour=blue
