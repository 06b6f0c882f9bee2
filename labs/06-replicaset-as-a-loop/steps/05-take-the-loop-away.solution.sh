kubectl delete replicaset web --cascade=orphan
