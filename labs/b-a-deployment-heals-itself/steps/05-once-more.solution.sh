kubectl create deployment cache --image=redis:7 --replicas=2
