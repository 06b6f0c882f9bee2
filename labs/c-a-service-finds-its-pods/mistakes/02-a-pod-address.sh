# Step: 2
# Says: and goes with it. The Service has one of its own that stays.
kubectl annotate pod client --overwrite called="$(kubectl get pods --selector=app=web --output=jsonpath='{.items[0].status.podIP}')"
