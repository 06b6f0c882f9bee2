# Step: 7
# Says: Service `quote` has `sessionAffinity: ClientIP`: each client is sent to the Pod it met first.
kubectl scale deployment quote --replicas=5
