kubectl scale deployment hello --replicas=2
kubectl patch service hello --patch='{"spec":{"type":"NodePort"}}'
