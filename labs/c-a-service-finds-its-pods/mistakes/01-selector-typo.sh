# Step: 1
# Says: Service `web` selects `app=wbe`; no Pod has that label.
kubectl create service clusterip web --tcp=80:80 --dry-run=client --output=yaml |
  kubectl set selector --local --filename=- app=wbe --output=yaml |
  kubectl create --filename=-
