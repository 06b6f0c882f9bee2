# Step: 2
# Says: `reader` may delete pods: Role `pod-reader` allows it, bound by RoleBinding `reader-reads-pods`.
kubectl create role pod-reader --verb='*' --resource=pods
kubectl create rolebinding reader-reads-pods --role=pod-reader --serviceaccount=default:reader
