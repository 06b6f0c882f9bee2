kubectl create service clusterip shop --tcp=80:80
kubectl set selector service shop app=front,env=prod
kubectl label pod front-test env=prod --overwrite
