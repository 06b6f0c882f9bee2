kubectl apply --filename=web.yaml
