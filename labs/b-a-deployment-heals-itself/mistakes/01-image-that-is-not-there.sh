# Step: 1
# Needs: containers
# Says: cannot get its image `ngnix`: no registry here has one of that name.
kubectl create deployment web --image=ngnix --replicas=3
