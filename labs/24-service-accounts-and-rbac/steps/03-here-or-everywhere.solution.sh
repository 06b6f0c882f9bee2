kubectl create rolebinding reader-views --clusterrole=view --serviceaccount=default:reader
