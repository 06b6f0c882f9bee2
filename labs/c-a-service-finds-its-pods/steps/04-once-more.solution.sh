kubectl create deployment shop --image=nginx --replicas=3
kubectl expose deployment shop --port=8080 --target-port=80
