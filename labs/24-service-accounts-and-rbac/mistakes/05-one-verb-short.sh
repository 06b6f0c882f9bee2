# Step: 5
# Says: Role `deployer` allows `get` and `list` on deployments; nothing allows `patch`.
kubectl create serviceaccount deployer
kubectl create role deployer --verb=get,list --resource=deployments.apps
kubectl create rolebinding deployer --role=deployer --serviceaccount=default:deployer
