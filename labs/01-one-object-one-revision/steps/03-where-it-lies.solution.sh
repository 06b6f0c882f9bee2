kubectl get configmap note
