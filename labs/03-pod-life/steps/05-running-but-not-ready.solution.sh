kubectl apply --filename=ready.yaml
kubectl wait pod/ready --for=condition=Ready --timeout=60s
kubectl exec client -- curl --silent --request POST "http://$(kubectl get pod ready --output=jsonpath='{.status.podIP}'):8080/sick"
