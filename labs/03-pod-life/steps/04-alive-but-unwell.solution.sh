kubectl apply --filename=well.yaml
kubectl wait pod/well pod/client --for=condition=Ready --timeout=60s
kubectl exec client -- curl --silent --request POST "http://$(kubectl get pod well --output=jsonpath='{.status.podIP}'):8080/sick"
