# Step: 2
# Says: Label `runs-on` says `node-9`, and that is not it.
kubectl label pod hello runs-on=node-9 --overwrite
