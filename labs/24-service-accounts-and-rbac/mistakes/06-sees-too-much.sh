# Step: 6
# Says: `backup` may list pods: ClusterRole `view` allows it, bound by RoleBinding `backup-views`.
kubectl delete clusterrolebinding quick-fix
kubectl create rolebinding backup-views --clusterrole=view --serviceaccount=default:backup
