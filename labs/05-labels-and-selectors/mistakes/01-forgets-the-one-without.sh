# Step: 1
# Types: not-prod = 2
# Says: Do not forget `odd`: without a label `env` it is not `env=prod` either.
kubectl get pods --selector='env,env!=prod'
