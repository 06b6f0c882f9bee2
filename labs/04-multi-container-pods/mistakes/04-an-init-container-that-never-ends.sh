# Step: 4
# Says: Pod `logged` has no `shipper` as a sidecar, but as an init container without `restartPolicy: Always`.
sed -i '/restartPolicy: Always/d' logged.yaml
kubectl apply --filename=logged.yaml
