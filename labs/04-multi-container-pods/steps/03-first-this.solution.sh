sed -i 's/sleep 15; //' prepared.yaml
kubectl apply --filename=prepared.yaml
