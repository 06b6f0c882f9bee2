kubectl get configmap board --output=yaml > mine.yaml
sed -i 's/tomato/pea/' mine.yaml
kubectl replace --filename=mine.yaml
