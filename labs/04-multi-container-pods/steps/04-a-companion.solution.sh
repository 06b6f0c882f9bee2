kubectl apply --filename=logged.yaml
