# Step: 2
# Says: RoleBinding `reader-reads-pods` binds a User called `reader`, not the ServiceAccount `reader`.
kubectl create role pod-reader --verb=get,list,watch --resource=pods
kubectl create rolebinding reader-reads-pods --role=pod-reader --user=reader
