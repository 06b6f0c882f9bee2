# Step: 6
# Says: ConfigMap `limits` says `max-orders=10`; this step wants `max-orders=20`. It is immutable
kubectl label configmap limits tried=again
