# Step: 2
# Says: ConfigMap `board` says `price=4` again: your copy was older than the other writer's change, and has overwritten it.
kubectl create configmap board --from-literal=soup=pea --from-literal=price=4 --dry-run=client --output=yaml |
  kubectl replace --filename=-
