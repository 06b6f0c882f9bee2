kubectl delete clusterrolebinding quick-fix
kubectl patch rolebinding backup-reads-config --patch='{"subjects":[{"kind":"ServiceAccount","name":"backup","namespace":"default"}]}'
