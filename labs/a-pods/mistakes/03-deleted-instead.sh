# Step: 3
# Needs: containers
# Says: This Pod `hello` is a new one: the old one was deleted.
kubectl delete pod hello
kubectl run hello --image=nginx
