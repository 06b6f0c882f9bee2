kubectl create deployment front --image=podium/hello:2.0 --replicas=2
kubectl expose deployment front --port=8000 --target-port=8080 --type=NodePort
