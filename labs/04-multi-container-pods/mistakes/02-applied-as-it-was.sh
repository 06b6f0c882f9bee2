# Step: 2
# Says: Volume `html` of Pod `page` is not mounted by `web`.
kubectl apply --filename=page.yaml
