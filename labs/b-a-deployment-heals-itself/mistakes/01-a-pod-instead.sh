# Step: 1
# Says: There is a Pod `web`, but no Deployment `web`: nobody would bring that Pod back.
kubectl run web --image=nginx
