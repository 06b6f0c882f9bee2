# Step: 7
# Says: Deployment `pay` is paused: it takes down what you want and does nothing about it.
kubectl delete pods --selector=app=pay
