# Release: replicaset
kubectl get replicaset web
