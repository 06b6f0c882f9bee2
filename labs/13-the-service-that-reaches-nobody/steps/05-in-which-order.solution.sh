kubectl create deployment tea --image=nginx --replicas=2 --port=80
kubectl expose deployment tea
