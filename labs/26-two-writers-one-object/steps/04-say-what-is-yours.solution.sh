kubectl apply --server-side --field-manager=kitchen --force-conflicts --filename=kitchen.yaml
