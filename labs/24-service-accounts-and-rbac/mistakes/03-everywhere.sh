# Step: 3
# Says: `reader` may list pods in `kube-system`: ClusterRole `view` allows it, bound by ClusterRoleBinding `reader-views`.
kubectl create clusterrolebinding reader-views --clusterrole=view --serviceaccount=default:reader
