kubectl delete pod twins --now
kubectl run blue --image=nginx
kubectl run green --image=nginx:1.26
