kubectl apply --filename=pair.yaml
