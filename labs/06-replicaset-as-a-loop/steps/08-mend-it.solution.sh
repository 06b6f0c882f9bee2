kubectl set image replicaset/store nginx=nginx:1.26
kubectl delete pods --selector=app=store
