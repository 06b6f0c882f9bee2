# Step: 2
# Says: 1 Pod went because `web` was told to want fewer.
kubectl scale deployment web --replicas=2
kubectl wait --for=jsonpath='{.status.replicas}'=2 deployment/web
kubectl scale deployment web --replicas=3
