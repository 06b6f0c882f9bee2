# Hold: replicaset
kubectl delete --wait=false "$(kubectl get pods --selector=app=web --output=name | head -n 1)"
