kubectl logs hello
kubectl exec hello -- sh -c 'kill 1'
