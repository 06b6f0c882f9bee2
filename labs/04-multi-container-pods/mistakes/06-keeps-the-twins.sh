# Step: 6
# Says: Pod `twins` is still there.
kubectl run blue --image=nginx
kubectl run green --image=nginx:1.26
