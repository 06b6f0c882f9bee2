kubectl create serviceaccount deployer
kubectl create role deployer --verb=get,list,patch --resource=deployments.apps
kubectl create rolebinding deployer --role=deployer --serviceaccount=default:deployer
