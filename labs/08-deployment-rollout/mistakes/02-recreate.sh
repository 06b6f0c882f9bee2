# Step: 2
# Says: Deployment `web` has strategy `Recreate`: it takes all old Pods away before it makes a new one.
kubectl patch deployment web --patch='{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
