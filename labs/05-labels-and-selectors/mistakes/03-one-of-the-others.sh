# Step: 3
# Says: `app=front` also selects `odd`: `odd` has `app=front`.
kubectl label pod odd app=front
