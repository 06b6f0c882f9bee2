# Step: 1
# Says: Service `web` selects `app=wbe`; no Pod has that label.
kubectl create service clusterip web --tcp=80:80
kubectl set selector service web app=wbe
