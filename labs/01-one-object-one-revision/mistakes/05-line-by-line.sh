# Step: 5
# Says: Delete it, and make it with everything at once.
kubectl create configmap menu --from-literal=soup=tomato
kubectl patch configmap menu --patch='{"data":{"cake":"apple"}}'
