# Step: 2
# Says: RoleBinding `reader-reads-pods` names Role `podreader`, and there is none of that name.
kubectl create role pod-reader --verb=get,list,watch --resource=pods
kubectl create rolebinding reader-reads-pods --role=podreader --serviceaccount=default:reader
