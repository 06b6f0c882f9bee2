kubectl create deployment shop --image=podium/hello:1.0 --replicas=4
kubectl patch deployment shop --patch='{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}'
kubectl rollout status deployment/shop --timeout=60s
kubectl set image deployment/shop hello=podium/hello:2.0
