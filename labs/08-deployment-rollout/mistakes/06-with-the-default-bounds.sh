# Step: 6
# Says: While `shop` was rolled to revision 2, at one moment only 3 Pods were Ready.
kubectl create deployment shop --image=podium/hello:1.0 --replicas=4
kubectl rollout status deployment/shop --timeout=60s
kubectl set image deployment/shop hello=podium/hello:2.0
