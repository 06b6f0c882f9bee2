# Step: 6
# Says: RoleBinding `backup-reads-config` binds the ServiceAccount `backup` of namespace `kube-public`; this one lives in `default`.
kubectl delete clusterrolebinding quick-fix
