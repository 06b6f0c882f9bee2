# Step: 6
# Says: on to `http` of its Pods, a name that no port of these Pods has; they listen on `8080 (web)`.
kubectl set selector service bill app=bill
