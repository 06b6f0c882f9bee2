kubectl create role pod-reader --verb=get,list,watch --resource=pods
kubectl create rolebinding reader-reads-pods --role=pod-reader --serviceaccount=default:reader
