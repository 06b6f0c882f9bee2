# Step: 1
# Types: user-name = reader
# Says: `reader` alone could be anybody, in any namespace.
kubectl create serviceaccount reader
