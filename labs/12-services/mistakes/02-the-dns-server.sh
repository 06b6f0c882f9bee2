# Step: 2
# Types: address = 10.96.0.10
# Says: `10.96.0.10` is not what `hello` stands for.
kubectl get service hello
